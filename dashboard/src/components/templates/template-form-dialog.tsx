import { Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Template } from "../../../../src/contract/template.ts";
import { createTemplate, updateTemplate } from "../../api/templates.ts";
import "../../styles/mantine-inputs.css";
import type { FormErrors } from "../../lib/problem-errors.ts";
import { fieldLook, typedLook } from "../field-look.ts";
import { FormDialog } from "../form-dialog.tsx";
import { Segments } from "../segments.tsx";
import { errorsOf, formOf, requestOf, type TemplateForm, variablesIn } from "./use-template-form.ts";

const PLACES = [
  ["github", "GitHub"],
  ["worktree", "Worktree"],
  ["local", "Folder"],
  ["open", "Left open"],
] as const;

interface FieldsProps {
  form: TemplateForm;
  set: (change: Partial<TemplateForm>) => void;
  errors: FormErrors;
}

function Place({ form, set, errors }: FieldsProps) {
  const name = form.place === "github" ? "githubRepo" : "projectPath";
  return (
    <>
      <Segments wide label="Workspace" value={form.place} options={PLACES} onChange={(place) => set({ place })} />
      {form.place === "open" ? (
        <p className="sm dim">Who starts it says where it works.</p>
      ) : (
        <TextInput
          label={form.place === "github" ? "Repository" : "Folder on the server"}
          name={name}
          placeholder={form.place === "github" ? "owner/repo or a git address" : "/home/me/projects/web"}
          classNames={typedLook}
          value={form[name]}
          error={errors[name]}
          onChange={(event) => set({ [name]: event.currentTarget.value })}
        />
      )}
    </>
  );
}

/** What is asked for: a field for each name in braces. */
const Defaults = ({ form, set }: FieldsProps) =>
  variablesIn(form.prompt).map((name) => (
    <TextInput
      key={name}
      label={`Default of ${name}`}
      placeholder="none: it has to be given"
      classNames={fieldLook}
      value={form.defaults[name] ?? ""}
      onChange={(event) => set({ defaults: { ...form.defaults, [name]: event.currentTarget.value } })}
    />
  ));

function Fields(props: FieldsProps) {
  const { form, set, errors } = props;
  return (
    <>
      <TextInput
        label="Name"
        name="name"
        data-autofocus
        maxLength={100}
        placeholder="fix-broken-links"
        classNames={fieldLook}
        value={form.name}
        error={errors["name"]}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label="Description"
        name="description"
        maxLength={2000}
        classNames={fieldLook}
        value={form.description}
        error={errors["description"]}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      <Place {...props} />
      <Textarea
        label="Prompt"
        name="prompt"
        autosize
        minRows={3}
        maxRows={10}
        description="{{name}} is a variable, to be given by who starts it"
        inputWrapperOrder={["label", "input", "description", "error"]}
        classNames={fieldLook}
        value={form.prompt}
        error={errors["prompt"]}
        onChange={(event) => set({ prompt: event.currentTarget.value })}
      />
      <Defaults {...props} />
    </>
  );
}

/** Makes a template, or changes the one it is given. */
export function TemplateFormDialog({ template, onClose }: { template: Template | undefined; onClose: () => void }) {
  const client = useQueryClient();
  const [form, setForm] = useState(() => formOf(template));
  const set = (change: Partial<TemplateForm>) => setForm((current) => ({ ...current, ...change }));
  const save = async () => {
    const body = requestOf(form, template);
    await (template ? updateTemplate(template.templateId, body) : createTemplate(body));
    await client.invalidateQueries({ queryKey: ["templates"] });
  };
  return (
    <FormDialog
      title={template ? "Edit template" : "New template"}
      word={template ? "Save" : "Make template"}
      save={save}
      onSaved={onClose}
      errorsOf={errorsOf}
      onClose={onClose}
    >
      {(errors) => <Fields form={form} set={set} errors={errors} />}
    </FormDialog>
  );
}
