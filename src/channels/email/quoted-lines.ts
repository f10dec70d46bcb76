/** Lines of mail programs, in the languages people write to us in. */

const ORIGINAL =
  /^\s*-{2,}\s*(?:original message|original appointment|urspr(?:ü|ue)ngliche nachricht|originalnachricht|original-nachricht|message d['’]origine|message original|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|oprindelig (?:besked|meddelelse)|ursprungligt meddelande|opprinnelig melding|alkuper(?:ä|a)inen viesti|wiadomo(?:ś|s)(?:ć|c) oryginalna|p(?:ů|u)vodn(?:í|i) zpr(?:á|a)va|orijinal mesaj|исходное сообщение|оригинальное сообщение|原始邮件|原始郵件|元のメッセージ|원본 메시지)\s*-{2,}\s*$/iu;

const FORWARDED =
  /^\s*(?:-{2,}\s*(?:forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat meddelande|videresendt melding|пересылаемое сообщение|转发的?邮件|転送メッセージ|전달된 메시지).{0,40}-{2,}|begin forwarded message:|anfang der weitergeleiteten nachricht:|début du message (?:réexpédié|transféré).{0,3}:|inicio del mensaje reenviado:)\s*$/iu;

const HEADER_NAME =
  /^\s*\*?(?:from|von|de|da|van|från|fra|lähettäjä|od|kimden|от|от кого|发件人|寄件者|差出人|보낸 사람)\s?\*?\s?[:：]\s?\*?\s*\S/iu;
const SECOND_HEADER =
  /^\s*\*?(?:sent|date|to|gesendet|datum|an|envoyé|date|à|enviado|fecha|para|inviato|data|a|verzonden|aan|skickat|till|sendt|til|lähetetty|vastaanottaja|wysłano|do|gönderilme|kime|отправлено|дата|кому|发送时间|日期|收件人|送信日時|宛先|보낸 날짜|받는 사람)\s?\*?\s?[:：]/iu;

const WORDS =
  "wrote|writes|schrieb|a écrit|ha scritto|escribió|escreveu|schreef|skrev|kirjoitti|napisał(?:\\(a\\)|a)?|pisze|napsal(?:\\(a\\))?|yazdı|пишет|написал(?:\\(а\\)|а)?|写道|寫道|작성|メッセージ";
const SAID = new RegExp(`(?:${WORDS})\\s?[:：]?\\s*$`, "iu");
const SAID_SOMEWHERE = new RegExp(`(?:${WORDS})`, "iu");
/** How the line begins that says when something was written. */
const WHEN = /^\s*-*\s*(?:(?:on|am|le|el|il|em|op|w dniu|dnia|den|pe|dne)\s|在|\d{1,4}[./年-])/iu;
const ADDRESS = /[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+/u;
const SIGNED =
  /^(?:-- ?|\u2014\s?|(?:sent|get) (?:from|via|with|outlook) .{1,60}|gesendet (?:von|mit) .{1,60}|von meinem .{1,40} gesendet|envoyé (?:de|depuis|à partir de) .{1,60}|enviado (?:desde|do|de|via) .{1,60}|inviato da .{1,60}|verzonden (?:vanaf|met) .{1,60}|skickat från .{1,60}|sendt fra .{1,60}|отправлено (?:с|из) .{1,60}|发自我的.{1,40}|iPhoneから送信|나의 .{1,20}에서 보냄)\s*$/iu;

export const isQuoted = (line: string): boolean => /^\s{0,3}>/.test(line);
export const isBlank = (line: string): boolean => line.trim() === "";
/** What follows was handed on to be read. */
export const beginsForwarded = (line: string): boolean => line.length < 200 && FORWARDED.test(line);
/** Where a signature begins. */
export const isSignature = (line: string): boolean => SIGNED.test(line.trimEnd()) || line === "-- ";

/** `-----Original Message-----`, or a block of headers as Outlook puts it over what it quotes. */
export function beginsOriginal(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  if (line.length > 1_000) return false;
  if (ORIGINAL.test(line)) return true;
  if (!HEADER_NAME.test(line)) return false;
  const next = lines.slice(at + 1, at + 4).filter((other) => !isBlank(other));
  return next.slice(0, 2).some((other) => other.length < 1_000 && SECOND_HEADER.test(other));
}

/**
 * How many of these lines, from the last one up, say who wrote what is quoted below them: `On …, … wrote:`, in one line
 * or wrapped into up to four. 0 when they say no such thing.
 */
export function attributionLength(lines: readonly string[]): number {
  const last = (lines.at(-1) ?? "").trimEnd();
  if (last.length > 400 || !/[:：]$|\bwrote$/iu.test(last)) return 0;
  const blocks = [1, 2, 3, 4].map((length) => lines.slice(-length)).filter((block, at) => block.length > at);
  const whole = blocks.filter((block) => !block.some(isBlank) && block.join(" ").length <= 600);
  const dated = whole.find((block) => WHEN.test(block[0] ?? "") && isSaying(block.join(" ")));
  const found = dated ?? whole.find((block) => ADDRESS.test(block[0] ?? "") && isSaying(block.join(" ")));
  return found?.length ?? 0;
}

/** A sentence such as `The error says:` has neither a date nor an address; `Write to bob@example.org:` has no date. */
const isSaying = (text: string): boolean =>
  /\d/.test(text.replace(ADDRESS, ""))
    ? SAID_SOMEWHERE.test(text) || ADDRESS.test(text)
    : SAID.test(text) && ADDRESS.test(text);
