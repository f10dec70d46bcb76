import { useClipboard } from "@mantine/hooks";
import { Button } from "./button.tsx";
import { CopyIcon, DoneIcon } from "./icons.tsx";

/** Copies a text; `label` says what, for those who only hear it. */
export function CopyButton({ text, label, word }: { text: string; label: string; word?: string }) {
  const { copied, copy } = useClipboard({ timeout: 1_500 });
  return (
    <Button
      look="quiet"
      size="small"
      square={!word}
      aria-label={word ? undefined : copied ? "Copied" : label}
      title={label}
      onClick={() => copy(text)}
    >
      {copied ? <DoneIcon size={12} className="t-run" /> : <CopyIcon size={12} />}
      {word}
    </Button>
  );
}
