import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { filterOfParams, formatSearch, parseSearch, withFilter } from "../../lib/search-words.ts";
import { CloseIcon, SearchIcon } from "../icons.tsx";
import classes from "./search-field.module.css";

const SETTLE_MS = 250;

/** The search over the list. What is typed becomes parameters of the address, so that a search can be linked and gone back from. */
export function SearchField() {
  const [params, setParams] = useSearchParams();
  const fromUrl = formatSearch(filterOfParams(params));
  const [text, setText] = useState(fromUrl);
  const typed = useRef(fromUrl);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // The address changed by other means than typing here: back, a link, "clear the search".
    if (fromUrl !== typed.current) setText(fromUrl);
    typed.current = fromUrl;
  }, [fromUrl]);
  const apply = (next: string, wait = SETTLE_MS) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const filter = parseSearch(next);
      typed.current = formatSearch(filter);
      setParams((current) => withFilter(current, filter), { replace: true });
    }, wait);
  };
  return (
    <div className={classes.head} role="search">
      <label className={classes.field}>
        <SearchIcon className="t-wait" />
        <input
          type="text"
          aria-label="Search sessions"
          data-session-search
          value={text}
          placeholder="Search, or is:failed repo:web"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          onChange={(event) => apply(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            if (text) apply("", 0);
            else event.currentTarget.blur();
          }}
        />
        {text ? (
          <button type="button" aria-label="Clear the search" onClick={() => apply("", 0)}>
            <CloseIcon size={10} />
          </button>
        ) : (
          <kbd aria-hidden>/</kbd>
        )}
      </label>
    </div>
  );
}
