import { type ReactNode, Suspense } from "react";
import { useTitle } from "../lib/use-title.ts";
import { Button } from "./button.tsx";
import { PlusIcon } from "./icons.tsx";
import classes from "./list-page.module.css";

interface ListPageProps {
  title: string;
  /** A few words beside the title. */
  about: string;
  /** What one of them is called. */
  one: string;
  /** For somebody who has none yet. */
  empty: string;
  /** How many there are; undefined until that is known. */
  count: number | undefined;
  error: Error | null;
  onNew: () => void;
  /** The form that makes or changes one, while it is open; it may come later. */
  dialog: ReactNode;
  /** The rows. */
  children: ReactNode;
}

/** A page that lists what there is of one kind. */
export function ListPage({ title, about, one, empty, count, error, onNew, dialog, children }: ListPageProps) {
  useTitle(title);
  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <h1>{title}</h1>
        <span className="dim">{about}</span>
        <span className="grow" />
        <Button onClick={onNew}>
          <PlusIcon size={12} /> New {one}
        </Button>
      </header>
      {error && (
        <p className="t-fail" role="alert">
          {error.message}
        </p>
      )}
      {count === 0 && (
        <div className={classes.empty}>
          <h2>No {one} yet</h2>
          <p className="dim">{empty}</p>
        </div>
      )}
      {count !== undefined && count > 0 && (
        <ul className={classes.rows} aria-label={title}>
          {children}
        </ul>
      )}
      {count === undefined && !error && <div className={classes.skeleton} aria-hidden="true" />}
      <Suspense>{dialog}</Suspense>
    </main>
  );
}
