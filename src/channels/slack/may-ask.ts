/** A person of a workspace, as far as trust is concerned. */
export interface Person {
  id: string;
  /** One line, at most 100 characters. */
  name: string;
  isBot: boolean;
  isGuest: boolean;
  /** Of another organisation, here through a shared channel. */
  isStranger: boolean;
}

export interface TrustRules {
  allowGuests: boolean;
  allowConnect: boolean;
}

/** Undefined when the person may ask for work; else why not, for the person. */
export function whyNot(
  person: Pick<Person, "isBot" | "isGuest" | "isStranger">,
  { allowGuests, allowConnect }: TrustRules,
): string | undefined {
  if (person.isBot) return "Bots cannot ask me for work.";
  if (person.isStranger && !allowConnect)
    return "I work only for members of my own workspace; people of other organisations are not allowed to ask me (SLACK_ALLOW_CONNECT).";
  if (person.isGuest && !allowGuests)
    return "I do not work for guests of this workspace; whoever runs me can allow it (SLACK_ALLOW_GUESTS).";
  return undefined;
}
