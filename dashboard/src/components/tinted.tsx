const NAME = /"[\w$]+"(?=:)/gu;

/** A JSON text, or a command with one in it, with its names in the accent. */
export function Tinted({ text }: { text: string }) {
  const names = [...text.matchAll(NAME)];
  if (names.length === 0) return text;
  return names.map((name, order) => {
    const start = name.index;
    const end = start + name[0].length;
    const previous = names[order - 1];
    const from = previous ? previous.index + previous[0].length : 0;
    return (
      <span key={start}>
        {text.slice(from, start)}
        <b className="json-name">{name[0]}</b>
        {order === names.length - 1 && text.slice(end)}
      </span>
    );
  });
}
