import { type ComponentProps, memo, useRef, useState } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { Button } from "../button.tsx";
import { CopyIcon, DoneIcon } from "../icons.tsx";
import { highlightCode } from "./highlight-code.ts";
import classes from "./markdown.module.css";

const COPIED_MS = 1_500;

function Code({ children, node: _, ...rest }: ComponentProps<"pre"> & { node?: unknown }) {
  const pre = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(pre.current?.textContent ?? "").then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), COPIED_MS);
    });
  };
  return (
    <div className={classes.code}>
      <pre {...rest} ref={pre} tabIndex={0}>
        {children}
      </pre>
      <Button
        look="quiet"
        size="small"
        square
        className={classes.copy}
        aria-label={copied ? "Copied" : "Copy the code"}
        onClick={copy}
      >
        {copied ? <DoneIcon size={12} className="t-run" /> : <CopyIcon size={12} />}
      </Button>
    </div>
  );
}

/** An image of another host would tell that host who reads this: it is shown as a link until somebody asks for it. */
function Picture({ src, alt }: ComponentProps<"img">) {
  const address = typeof src === "string" ? src : "";
  const own = address.startsWith("/") || (URL.canParse(address) && new URL(address).origin === location.origin);
  if (own) return <img src={address} alt={alt ?? ""} loading="lazy" className={classes.image} />;
  return (
    <a href={address} target="_blank" rel="noreferrer noopener">
      {alt || "Image"} ({URL.canParse(address) ? new URL(address).host : "image"})
    </a>
  );
}

const components: Components = {
  pre: Code,
  img: Picture,
  a: ({ node: _, children, href }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  table: ({ node: _, children }) => (
    <div className={classes.table}>
      <table>{children}</table>
    </div>
  ),
  // Headings of a message are not headings of the page.
  h1: ({ children }) => <p className={classes.heading}>{children}</p>,
  h2: ({ children }) => <p className={classes.heading}>{children}</p>,
  h3: ({ children }) => <p className={classes.heading}>{children}</p>,
  h4: ({ children }) => <p className={classes.heading}>{children}</p>,
  h5: ({ children }) => <p className={classes.heading}>{children}</p>,
  h6: ({ children }) => <p className={classes.heading}>{children}</p>,
};

/** Markdown as people and Claude write it. HTML in it is shown as typed, never run. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className={classes.markdown}>
      <ReactMarkdown remarkPlugins={[remarkGfm]} rehypePlugins={[highlightCode]} components={components}>
        {text}
      </ReactMarkdown>
    </div>
  );
});
