import { useQuery } from "@tanstack/react-query";
import { apiUrl } from "../../api/base.ts";
import { statusQuery } from "../../api/system.ts";
import { curlCommand } from "../../lib/curl-command.ts";
import { CopyButton } from "../copy-button.tsx";
import { AsksIcon, CancelledIcon, DoneIcon } from "../icons.tsx";
import { Tinted } from "../tinted.tsx";
import { type CreateForm, requestOf } from "./use-create-form.ts";
import classes from "./create-form.module.css";

function WillHappen({ form, mode }: { form: CreateForm; mode: string }) {
  const place = {
    github: "Cloned from a local cache, in seconds after the first time",
    worktree: "A worktree is made beside your checkout",
    local: "Works in your folder, nothing is copied",
  }[form.projectType];
  const edits = {
    acceptEdits: "Edits in the workspace run without asking",
    plan: "Claude plans and changes nothing",
    dontAsk: "What is not allowed is refused without asking",
    bypassPermissions: "Everything runs without asking",
    default: "Edits are refused unless allowed below",
  }[mode];
  return (
    <ol className={classes.will}>
      <li>
        <DoneIcon size={12} className="t-run" />
        {place}
      </li>
      {edits && (
        <li>
          {mode === "bypassPermissions" ? (
            <AsksIcon size={12} className="t-need" />
          ) : (
            <DoneIcon size={12} className="t-run" />
          )}
          {edits}
        </li>
      )}
      {form.allowedTools.length > 0 && (
        <li>
          <DoneIcon size={12} className="t-run" />
          <span>
            Allowed: <code>{form.allowedTools.join(", ")}</code>
          </span>
        </li>
      )}
      {form.disallowedTools.length > 0 && (
        <li>
          <CancelledIcon size={12} className="t-done" />
          <span>
            Refused: <code>{form.disallowedTools.join(", ")}</code>
          </span>
        </li>
      )}
      {form.initialPrompt.trim() === "" && (
        <li>
          <CancelledIcon size={12} className="t-done" />
          Nothing runs until a message is written
        </li>
      )}
    </ol>
  );
}

/** The right half of the dialog: the same by API, and what will happen. */
export function ApiPreview({ form }: { form: CreateForm }) {
  const { data: system } = useQuery(statusQuery);
  const command = curlCommand(apiUrl("/api/sessions"), requestOf(form), system?.signIn === "key");
  return (
    <aside className={classes.aside} aria-label="The same by API">
      <div className={classes.asideHead}>
        <h2>The same by API</h2>
        <span className="right">
          <CopyButton text={command} label="Copy the curl command" word="Copy" />
        </span>
      </div>
      <pre tabIndex={0}>
        <Tinted text={command} />
      </pre>
      <h2 style={{ marginTop: 14 }}>What will happen</h2>
      <WillHappen form={form} mode={form.permissionMode || (system?.defaults.permissionMode ?? "")} />
    </aside>
  );
}
