import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { OrchestrationRow } from "../../../../src/contract/orchestration.ts";
import type { Template } from "../../../../src/contract/template.ts";
import { ApiError } from "../../api/client.ts";
import { attachTemplate } from "../../api/orchestration.ts";
import { startsByItself, templatesQuery } from "../../api/templates.ts";
import { plainLine, plural } from "../../lib/format.ts";
import { Button } from "../button.tsx";
import { Dialog } from "../dialog.tsx";
import classes from "./template-dialog.module.css";

/** The server's word on the field, where it has one. */
const wordOf = (error: Error): string =>
  (error instanceof ApiError && error.problem?.errors?.[0]?.message) || error.message;

/** Which template fills a workspace by itself, if any. */
export function TemplateDialog({ row, onClose }: { row: OrchestrationRow; onClose: () => void }) {
  const { workspace_id: id, template: attached, limited } = row;
  const client = useQueryClient();
  const [picked, setPicked] = useState(attached);
  const save = useMutation({
    mutationFn: (template: string | null) => attachTemplate(id, template),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["orchestration"] });
      onClose();
    },
  });
  const isNew = picked !== null && picked !== attached;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isNew) save.mutate(picked);
  };
  return (
    <Dialog title="Standing template" note={<span className={classes.id}>{id}</span>} width={560} onClose={onClose}>
      <form className={classes.form} onSubmit={submit}>
        <p>
          Sessions are started from it until as many run as desired, and what ends is replaced.
          {!limited && " Nothing starts before a number is desired."}
        </p>
        <Templates attached={attached} picked={picked} onPick={setPicked} />
        {save.error && <Problem text={`Not changed: ${wordOf(save.error)}`} />}
        <div className={classes.foot}>
          {attached !== null && (
            <Button size="large" look="bad" disabled={save.isPending} onClick={() => save.mutate(null)}>
              Take away
            </Button>
          )}
          <span className="grow" />
          <Button size="large" onClick={onClose}>
            Cancel
          </Button>
          <Button size="large" look="filled" type="submit" disabled={save.isPending || !isNew}>
            Attach
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface PickProps {
  picked: string | null;
  onPick: (name: string) => void;
}

/** What there is to choose from, or why there is nothing. */
function Templates({ attached, ...pick }: PickProps & { attached: string | null }) {
  const { data: templates, error } = useQuery(templatesQuery);
  if (!templates)
    return error ? (
      <Problem text={`The templates could not be read: ${error.message}`} />
    ) : (
      <p className="dim">Reading the templates…</p>
    );
  const fitting = templates.filter(startsByItself);
  const others = templates.length - fitting.length;
  return (
    <>
      {attached !== null && !fitting.some(({ name }) => name === attached) && <Gone name={attached} />}
      {fitting.length > 0 ? <Choice templates={fitting} {...pick} /> : <NoTemplate />}
      {others > 0 && (
        <p className="sm dim">
          Not shown: {plural(others, "template")} without a prompt, or with variables that somebody has to give.
        </p>
      )}
    </>
  );
}

const Problem = ({ text }: { text: string }) => (
  <p className="t-fail sm" role="alert">
    {text}
  </p>
);

const Gone = ({ name }: { name: string }) => (
  <p className="sm t-need">
    <b className={classes.id}>{name}</b> is attached, but there is no such template any more, or it asks for variables
    now.
  </p>
);

function Choice({ templates, picked, onPick }: PickProps & { templates: readonly Template[] }) {
  const first = templates.some(({ name }) => name === picked) ? picked : templates[0]?.name;
  const start = useRef<HTMLInputElement>(null);
  // The dialog gives the focus away when it opens, and the templates may come later.
  useEffect(() => start.current?.focus(), []);
  return (
    <fieldset className={classes.choice}>
      <legend className="hidden-text">Template</legend>
      {templates.map(({ templateId, name, description, session }) => (
        <label key={templateId} className={classes.option} data-picked={name === picked || undefined}>
          <input
            type="radio"
            name="template"
            checked={name === picked}
            ref={name === first ? start : null}
            data-autofocus={name === first || undefined}
            onChange={() => onPick(name)}
          />
          <b>{name}</b>
          <span className={`${classes.about} sm dim`}>{description ?? plainLine(session.initialPrompt ?? "")}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** How to come by one. */
const NoTemplate = () => (
  <p>
    <b>No template fits yet.</b> It needs a prompt, and must ask for no variables: nobody is there to give them.{" "}
    <Link to="/templates" className={classes.link}>
      Make one
    </Link>{" "}
    on the page of templates, or by the API.
  </p>
);
