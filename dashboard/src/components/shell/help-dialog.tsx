import { KEY_HELP } from "../../lib/keys.ts";
import { Dialog } from "../dialog.tsx";
import classes from "./help-dialog.module.css";

/** All keys on one page. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" note="single keys rest while you write" width={640} onClose={onClose}>
      <div className={classes.groups}>
        {KEY_HELP.map(({ title, keys }) => (
          <section key={title}>
            <h2>{title}</h2>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key}>
                  <dt>{key.split(" ").map((part) => (part === "–" ? "–" : <kbd key={part}>{part}</kbd>))}</dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
