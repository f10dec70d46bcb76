import { Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { templatesQuery } from "../../api/templates.ts";
import "../../styles/mantine-inputs.css";
import type { FormErrors } from "../../lib/problem-errors.ts";
import { fieldLook, typedLook } from "../field-look.ts";
import { Segments } from "../segments.tsx";
import type { ScheduleForm, What } from "./use-schedule-form.ts";
import classes from "../form-dialog.module.css";

const WHAT: readonly (readonly [What, string])[] = [
  ["session", "New session"],
  ["template", "Template"],
  ["continue", "Go on with one"],
];
const PLACES = [
  ["github", "GitHub"],
  ["worktree", "Worktree"],
  ["local", "Local folder"],
] as const;

interface FieldsProps {
  form: ScheduleForm;
  set: (change: Partial<ScheduleForm>) => void;
  errors: FormErrors;
}

/** A name, and when it is due. */
function When({ form, set, errors }: FieldsProps) {
  return (
    <>
      <TextInput
        label="Name"
        name="name"
        data-autofocus
        maxLength={200}
        placeholder="Morning report"
        classNames={fieldLook}
        value={form.name}
        error={errors["name"]}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <div className={classes.pair}>
        <TextInput
          label="Cron line"
          name="cron"
          placeholder={form.what === "template" ? "as the template says" : "0 9 * * mon-fri"}
          description="Minute, hour, day, month, weekday"
          inputWrapperOrder={["label", "input", "description", "error"]}
          classNames={typedLook}
          value={form.cron}
          error={errors["cron"]}
          onChange={(event) => set({ cron: event.currentTarget.value })}
        />
        <TextInput
          label="Time zone"
          name="timeZone"
          placeholder="UTC"
          classNames={typedLook}
          value={form.timeZone}
          error={errors["timeZone"]}
          onChange={(event) => set({ timeZone: event.currentTarget.value })}
        />
      </div>
    </>
  );
}

function Prompt({ label, form, set, errors }: FieldsProps & { label: string }) {
  return (
    <Textarea
      label={label}
      name="prompt"
      autosize
      minRows={3}
      maxRows={10}
      classNames={fieldLook}
      value={form.prompt}
      error={errors["prompt"]}
      onChange={(event) => set({ prompt: event.currentTarget.value })}
    />
  );
}

function NewSession(props: FieldsProps) {
  const { form, set, errors } = props;
  const github = form.projectType === "github";
  const name = github ? "githubRepo" : "projectPath";
  return (
    <>
      <Segments
        wide
        label="Workspace"
        value={form.projectType}
        options={PLACES}
        onChange={(projectType) => set({ projectType })}
      />
      <TextInput
        label={github ? "Repository" : "Folder on the server"}
        name={name}
        placeholder={github ? "owner/repo or a git address" : "/home/me/projects/web"}
        classNames={typedLook}
        value={form[name]}
        error={errors[name] ?? errors["projectType"]}
        onChange={(event) => set({ [name]: event.currentTarget.value })}
      />
      <Prompt label="Prompt" {...props} />
    </>
  );
}

function FromTemplate({ form, set, errors }: FieldsProps) {
  const { data: templates = [], isPending } = useQuery(templatesQuery);
  const variables = templates.find(({ name }) => name === form.template)?.variables ?? {};
  return (
    <>
      <Select
        label="Template"
        name="template"
        placeholder={templates.length > 0 || isPending ? "Choose one" : "There is none yet"}
        data={templates.map(({ name }) => name)}
        searchable
        nothingFoundMessage="No such template"
        classNames={fieldLook}
        value={form.template || null}
        error={errors["template"] ?? errors["variables"]}
        onChange={(template) => set({ template: template ?? "", variables: {} })}
      />
      {Object.entries(variables).map(([name, { description, default: preset, required }]) => (
        <TextInput
          key={name}
          label={name}
          name={`variables.${name}`}
          description={description}
          placeholder={preset ?? (required === false ? "may be empty" : "")}
          classNames={fieldLook}
          value={form.variables[name] ?? ""}
          error={errors[`variables.${name}`]}
          onChange={(event) => set({ variables: { ...form.variables, [name]: event.currentTarget.value } })}
        />
      ))}
    </>
  );
}

function Continue(props: FieldsProps) {
  const { form, set, errors } = props;
  return (
    <>
      <TextInput
        label="Session id"
        name="sessionId"
        placeholder="its id, as in the address of its page"
        classNames={typedLook}
        value={form.sessionId}
        error={errors["sessionId"]}
        onChange={(event) => set({ sessionId: event.currentTarget.value.trim() })}
      />
      <Prompt label="What to say to it" {...props} />
    </>
  );
}

const PARTS: Record<What, (props: FieldsProps) => React.ReactNode> = {
  session: NewSession,
  template: FromTemplate,
  continue: Continue,
};

/** When it is due, what is done then, and what happens when that cannot be kept to. */
export function ScheduleFields(props: FieldsProps) {
  const { form, set, errors } = props;
  const Part = PARTS[form.what];
  return (
    <>
      <When {...props} />
      <Segments wide label="Starts" value={form.what} options={WHAT} onChange={(what) => set({ what })} />
      <Part {...props} />
      <div className={classes.pair}>
        <Select
          label="When the time before is still at work"
          name="overlap"
          data={[
            { value: "skip", label: "Leave this time out" },
            { value: "queue", label: "Wait for it" },
          ]}
          placeholder="Leave this time out"
          classNames={fieldLook}
          value={form.overlap || null}
          error={errors["overlap"]}
          onChange={(overlap) => set({ overlap: overlap ?? "" })}
        />
        <Select
          label="Times when no server was there"
          name="missed"
          data={[
            { value: "run-once", label: "Make up for them by one run" },
            { value: "record", label: "Only write them down" },
          ]}
          placeholder="Make up for them by one run"
          classNames={fieldLook}
          value={form.missed || null}
          error={errors["missed"]}
          onChange={(missed) => set({ missed: missed ?? "" })}
        />
      </div>
    </>
  );
}
