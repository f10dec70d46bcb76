import { Autocomplete, Checkbox, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type RefObject, useState } from "react";
import type { ProjectType } from "../../../../src/contract/session.ts";
import { statusQuery } from "../../api/system.ts";
import "../../styles/mantine-inputs.css";
import { fieldLook, typedLook } from "../field-look.ts";
import { BranchIcon, FoldIcon, PullRequestIcon, TerminalIcon } from "../icons.tsx";
import { Segments } from "../segments.tsx";
import { AdvancedFields } from "./advanced-fields.tsx";
import type { FieldErrors } from "./field-errors.ts";
import { LimitFields } from "./limit-fields.tsx";
import type { CreateForm } from "./use-create-form.ts";
import classes from "./create-form.module.css";

const KINDS: readonly (readonly [ProjectType, React.ReactNode])[] = [
  [
    "github",
    <>
      <PullRequestIcon size={12} />
      GitHub
    </>,
  ],
  [
    "worktree",
    <>
      <BranchIcon size={12} />
      Worktree
    </>,
  ],
  [
    "local",
    <>
      <TerminalIcon size={12} />
      Local folder
    </>,
  ],
];

const HINTS: Record<ProjectType, React.ReactNode> = {
  github: (
    <>
      Works in its own clone on its own branch <code>claude/…</code>. Nothing is pushed unless Claude is allowed to.
    </>
  ),
  worktree: (
    <>
      Works in its own worktree of your repository, on its own branch <code>claude/…</code>. Your files stay as they
      are.
    </>
  ),
  local: <>Works in the folder itself, one run at a time. What it changes is changed for you too.</>,
};

export interface FieldsProps {
  form: CreateForm;
  set: <K extends keyof CreateForm>(name: K, value: CreateForm[K]) => void;
  errors: FieldErrors;
}

function Place({ form, set, errors, repos }: FieldsProps & { repos: string[] }) {
  const { data: system } = useQuery(statusQuery);
  const github = form.projectType === "github";
  const roots = system?.projectRoots ?? [];
  return (
    <div className={classes.two} data-single={form.projectType === "local" || undefined}>
      {github ? (
        <Autocomplete
          label="Repository"
          name="githubRepo"
          placeholder="owner/repo or a git address"
          data={repos}
          classNames={typedLook}
          value={form.githubRepo}
          error={errors.githubRepo}
          onChange={(value) => set("githubRepo", value)}
        />
      ) : (
        <TextInput
          label="Folder on the server"
          name="projectPath"
          placeholder={`${roots[0] ?? "/home/me/projects"}/web`}
          classNames={typedLook}
          value={form.projectPath}
          error={errors.projectPath}
          onChange={(event) => set("projectPath", event.currentTarget.value)}
        />
      )}
      {form.projectType !== "local" && (
        <TextInput
          label="From branch"
          name="branch"
          placeholder={github ? "its default" : "what is checked out"}
          classNames={typedLook}
          value={form.branch}
          error={errors.branch}
          onChange={(event) => set("branch", event.currentTarget.value)}
        />
      )}
    </div>
  );
}

interface CreateFormProps extends FieldsProps {
  repos: string[];
  formRef: RefObject<HTMLFormElement | null>;
  open: boolean;
  onOpen: (open: boolean) => void;
  onSubmit: () => void;
}

/** The left half of the dialog: the prompt first, then where, then how. */
export function CreateFields({
  form,
  set,
  errors,
  repos,
  formRef,
  onSubmit,
}: Omit<CreateFormProps, "open" | "onOpen">) {
  const [more, setMore] = useState(false);
  const advancedError =
    errors.title ?? errors.tags ?? errors.allowedTools ?? errors.disallowedTools ?? errors.appendSystemPrompt;
  const open = more || advancedError !== undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form id="create-session" className={classes.form} ref={formRef} onSubmit={submit} noValidate>
      <Textarea
        label="Prompt"
        name="initialPrompt"
        data-autofocus
        placeholder="What should Claude do?"
        autosize
        minRows={3}
        maxRows={10}
        classNames={{ ...fieldLook, input: `${fieldLook.input} ${classes.prompt ?? ""}` }}
        value={form.initialPrompt}
        error={errors.initialPrompt}
        onChange={(event) => set("initialPrompt", event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && onSubmit()}
      />
      <div>
        <div className={classes.caption}>Workspace</div>
        <Segments
          wide
          label="Workspace"
          value={form.projectType}
          options={KINDS}
          onChange={(value) => set("projectType", value)}
        />
        {errors.projectType && <p className={classes.error}>{errors.projectType}</p>}
      </div>
      <Place form={form} set={set} errors={errors} repos={repos} />
      <p className={classes.hint}>{HINTS[form.projectType]}</p>
      <LimitFields form={form} set={set} errors={errors} />
      <div className={classes.more}>
        <button type="button" aria-expanded={open} onClick={() => setMore(!more)}>
          <FoldIcon size={11} /> <b>Title, tags, tools, system prompt</b>
        </button>
        {open && <AdvancedFields form={form} set={set} errors={errors} />}
      </div>
    </form>
  );
}

export function OpenAfter({ checked, onChange }: { checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <Checkbox
      label="Open it when it starts"
      checked={checked}
      onChange={(event) => onChange(event.currentTarget.checked)}
      classNames={{ label: "sm dim" }}
    />
  );
}
