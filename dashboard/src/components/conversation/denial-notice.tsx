import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Run } from "../../../../src/contract/run.ts";
import type { Session } from "../../../../src/contract/session.ts";
import { postMessage } from "../../api/messages.ts";
import { updateSession } from "../../api/sessions.ts";
import { plural } from "../../lib/format.ts";
import { allowingRule, callSummary } from "../../lib/tool-words.ts";
import { Button } from "../button.tsx";
import { AsksIcon } from "../icons.tsx";
import classes from "./run-end.module.css";

function wantedText(denial: Run["denials"][number], workspacePath: string | null): string {
  const { input } = denial;
  const command = typeof input === "object" && input !== null && !Array.isArray(input) ? input["command"] : undefined;
  return typeof command === "string" ? command : `${denial.tool} ${callSummary(denial, workspacePath)}`.trim();
}

/** What Claude was not allowed to do in a run, and the way to allow it from here on. */
export function DenialNotice({ run, session, latest }: { run: Run; session: Session; latest: boolean }) {
  const client = useQueryClient();
  const allowed = session.options.allowedTools ?? [];
  const wanted = [...new Set(run.denials.map(allowingRule))];
  const missing = wanted.filter((rule) => !allowed.includes(rule));
  const [rules, setRules] = useState<Record<string, string>>({});
  const allow = useMutation({
    mutationFn: async () => {
      const added = missing.map((rule) => (rules[rule] ?? rule).trim()).filter(Boolean);
      await updateSession(session.sessionId, { allowedTools: [...new Set([...allowed, ...added])] });
      await postMessage(session.sessionId, { content: "Continue", steer: false });
    },
    onSettled: () => client.invalidateQueries(),
  });
  const texts = [...new Set(run.denials.map((denial) => wantedText(denial, session.workspacePath)))];
  const open = latest && missing.length > 0;
  return (
    <section className={classes.denial} aria-label="Not allowed">
      <h3>
        <AsksIcon className="t-need" /> Claude was not allowed{" "}
        {texts.length === 1 ? "to do this" : `to do ${plural(texts.length, "thing")}`}{" "}
        <span className="dim xs">run {run.number}</span>
      </h3>
      {texts.map((text) => (
        <pre key={text} tabIndex={0}>
          {text}
        </pre>
      ))}
      {open ? (
        <div className={classes.rules}>
          {missing.map((rule) => (
            <input
              key={rule}
              aria-label="Rule to allow"
              value={rules[rule] ?? rule}
              maxLength={500}
              spellCheck={false}
              onChange={(event) => setRules({ ...rules, [rule]: event.target.value })}
            />
          ))}
          <Button look="filled" disabled={allow.isPending} onClick={() => allow.mutate()}>
            Allow in this session and go on
          </Button>
        </div>
      ) : (
        missing.length === 0 && <p className="dim">Allowed in this session now.</p>
      )}
      {allow.error && (
        <p className="t-fail" role="alert">
          {allow.error.message}
        </p>
      )}
    </section>
  );
}
