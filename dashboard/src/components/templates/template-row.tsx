import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Template } from "../../../../src/contract/template.ts";
import { deleteTemplate, startsByItself } from "../../api/templates.ts";
import { plainLine } from "../../lib/format.ts";
import { Button } from "../button.tsx";
import classes from "../list-row.module.css";

const asks = ({ variables }: Template): string => {
  const names = Object.keys(variables);
  return names.length === 0 ? "no variables" : names.join(", ");
};

/** One template: what it asks of Claude, where, and what has to be given. */
export function TemplateRow({ template, onEdit }: { template: Template; onEdit: () => void }) {
  const { templateId: id, name, description, session } = template;
  const client = useQueryClient();
  const [isSure, setSure] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteTemplate(id),
    onSettled: () => client.invalidateQueries({ queryKey: ["templates"] }),
  });
  return (
    <li className={classes.row}>
      <span className={classes.what}>
        <b title={name}>{name}</b>
        <span className="sm dim">{description || plainLine(session.initialPrompt ?? "no prompt")}</span>
      </span>
      <span className={classes.what}>
        <code>{session.githubRepo ?? session.projectPath ?? "any workspace"}</code>
        <span className="sm dim">{asks(template)}</span>
      </span>
      <span className="sm dim">{startsByItself(template) ? "can stand by itself" : "needs somebody to start it"}</span>
      <span className={classes.actions}>
        <Button onClick={onEdit}>
          Edit <span className="hidden-text">{name}</span>
        </Button>
        <Button
          look="bad"
          disabled={remove.isPending}
          onClick={() => (isSure ? remove.mutate() : setSure(true))}
          onBlur={() => setSure(false)}
        >
          {isSure ? "Delete now" : "Delete"} <span className="hidden-text">{name}</span>
        </Button>
      </span>
      {remove.error && (
        <p className={`${classes.error} t-fail sm`} role="alert">
          {remove.error.message}
        </p>
      )}
    </li>
  );
}
