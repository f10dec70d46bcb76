import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useLocation, useNavigate } from "react-router";
import { apiUrl } from "../../api/base.ts";
import { statusQuery } from "../../api/system.ts";
import { shortCurlCommand } from "../../lib/curl-command.ts";
import { count } from "../../lib/format.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { Button } from "../button.tsx";
import { CopyButton } from "../copy-button.tsx";
import { DoneIcon, PlusIcon, QueuedIcon } from "../icons.tsx";
import { Tinted } from "../tinted.tsx";
import { ThisMachine } from "./this-machine.tsx";
import classes from "./first-start.module.css";

const EXAMPLE = {
  projectType: "github",
  githubRepo: "octocat/Hello-World",
  initialPrompt: "Explain this repository in five lines.",
};

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li>
      <span className={classes.number} aria-hidden>
        {number}
      </span>
      <div>
        <h2>{title}</h2>
        {children}
      </div>
    </li>
  );
}

function Command({ text, label }: { text: string; label: string }) {
  return (
    <div className={classes.command}>
      <pre tabIndex={0}>
        <Tinted text={text} />
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}

function Listening({ received }: { received: number }) {
  return (
    <p className={classes.listening} role="status">
      {received > 0 ? <DoneIcon size={13} className="t-run" /> : <QueuedIcon size={13} className="t-run" />}
      <span>
        Listening at <code>/api/hooks</code>, {received > 0 ? `${count(received)} received` : "nothing received yet"}
      </span>
    </p>
  );
}

/** The first page of a new installation: three steps that work as they stand. */
export function FirstStart() {
  const { data } = useQuery(statusQuery);
  const { phone } = useLayout();
  const navigate = useNavigate();
  const location = useLocation();
  return (
    <>
      <main className={classes.start}>
        <div className={classes.in}>
          <h1>Ready. Start the first session.</h1>
          <p className={classes.lead}>
            Claude works in its own copy of a repository. Every message and tool call is kept and can be read back here.
          </p>
          <ol className={classes.steps}>
            <Step number={1} title="Start a session">
              <p className="dim">From here, or from any shell:</p>
              <p className={classes.button}>
                <Button
                  look="filled"
                  size="large"
                  onClick={() => void navigate("/new", { state: { background: location } })}
                >
                  <PlusIcon size={12} /> New session <kbd>N</kbd>
                </Button>
                <span className="dim">or copy this, it works as it stands</span>
              </p>
              <Command
                text={shortCurlCommand(apiUrl("/api/sessions"), EXAMPLE, data?.signIn === "key")}
                label="Copy the curl command"
              />
            </Step>
            <Step number={2} title="See the Claude Code of your own terminal">
              <p className="dim">
                Adds HTTP hooks to the project’s settings, shows the change first, and takes it out again with{" "}
                <code>--remove</code>.
              </p>
              <Command text="npx claude-orchestrator hooks install --project ." label="Copy the hook command" />
              <Listening received={data?.hooksReceived ?? 0} />
            </Step>
            <Step number={3} title="Build on it">
              <p className="dim">Everything here is also in the API, by the same words.</p>
              <p className={classes.links}>
                <a href={apiUrl("/api/docs")}>API reference</a>
                <a href={apiUrl("/api/openapi.json")}>OpenAPI document</a>
              </p>
            </Step>
          </ol>
        </div>
      </main>
      {!phone && <ThisMachine />}
    </>
  );
}
