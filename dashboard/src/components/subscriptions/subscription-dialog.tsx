import { MultiSelect, TagsInput, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { SubscribedStatus, SubscribedType, type Subscription } from "../../../../src/contract/subscription.ts";
import { createSubscription, updateSubscription } from "../../api/subscriptions.ts";
import "../../styles/mantine-inputs.css";
import { type FormErrors, problemErrors } from "../../lib/problem-errors.ts";
import { Button } from "../button.tsx";
import { CopyButton } from "../copy-button.tsx";
import { Dialog } from "../dialog.tsx";
import { fieldLook, typedLook } from "../field-look.ts";
import { FormDialog } from "../form-dialog.tsx";
import classes from "../form-dialog.module.css";

type Form = Pick<Subscription, "url" | "types" | "projects" | "statuses"> & { name: string };

const formOf = (subscription: Subscription | undefined): Form => {
  const { name, url = "", types = ["run.finished"], projects = [], statuses = [] } = subscription ?? {};
  return { name: name ?? "", url, types, projects, statuses };
};

interface FieldsProps {
  form: Form;
  set: (change: Partial<Form>) => void;
  errors: FormErrors;
}

function Fields({ form, set, errors }: FieldsProps) {
  return (
    <>
      <TextInput
        label="URL"
        name="url"
        data-autofocus
        placeholder="http://127.0.0.1:5678/webhook/claude-events"
        classNames={typedLook}
        value={form.url}
        error={errors["url"]}
        onChange={(event) => set({ url: event.currentTarget.value })}
      />
      <TextInput
        label="Name"
        name="name"
        maxLength={200}
        placeholder="for a person"
        classNames={fieldLook}
        value={form.name}
        error={errors["name"]}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <MultiSelect
        label="Hears of"
        name="types"
        data={SubscribedType.options}
        classNames={fieldLook}
        value={form.types}
        error={errors["types"]}
        onChange={(types) => set({ types: SubscribedType.array().parse(types) })}
      />
      <TagsInput
        label="Only of these projects"
        name="projects"
        placeholder={form.projects.length === 0 ? "all; owner/repo or a folder, Enter after each" : ""}
        splitChars={[]}
        classNames={fieldLook}
        value={form.projects}
        error={errors["projects"]}
        onChange={(projects) => set({ projects })}
      />
      <MultiSelect
        label="Only with these statuses"
        name="statuses"
        placeholder={form.statuses.length === 0 ? "all" : ""}
        data={SubscribedStatus.options}
        classNames={fieldLook}
        value={form.statuses}
        error={errors["statuses"]}
        onChange={(statuses) => set({ statuses: SubscribedStatus.array().parse(statuses) })}
      />
    </>
  );
}

/** The one time that the secret can be read. */
const Secret = ({ secret, onClose }: { secret: string; onClose: () => void }) => (
  <Dialog title="Subscribed" width={560} onClose={onClose}>
    <div className={classes.form}>
      <p>Its events are signed with this secret. It is shown this once:</p>
      <div className={classes.secret}>
        <code>{secret}</code>
        <CopyButton text={secret} label="Copy the secret" word="Copy" />
      </div>
      <div className={classes.foot}>
        <Button size="large" look="filled" onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  </Dialog>
);

const fieldOf = (path: string): string | undefined =>
  /^(?:url|name|types|projects|statuses)(?=$|[.[])/u.exec(path)?.[0];

interface SubscriptionDialogProps {
  subscription: Subscription | undefined;
  onClose: () => void;
}

/** Subscribes a URL, or changes what it hears of. */
export function SubscriptionDialog({ subscription, onClose }: SubscriptionDialogProps) {
  const client = useQueryClient();
  const [form, setForm] = useState(() => formOf(subscription));
  const [secret, setSecret] = useState<string>();
  const set = (change: Partial<Form>) => setForm((current) => ({ ...current, ...change }));
  const save = async () => {
    const { name, ...rest } = form;
    const body = { ...rest, ...(name.trim() && { name }) };
    const made = subscription ? undefined : await createSubscription(body);
    if (subscription) await updateSubscription(subscription.id, body);
    await client.invalidateQueries({ queryKey: ["subscriptions"] });
    return made?.secret;
  };
  if (secret !== undefined) return <Secret secret={secret} onClose={onClose} />;
  return (
    <FormDialog
      title={subscription ? "Edit subscription" : "New subscription"}
      word={subscription ? "Save" : "Subscribe"}
      save={save}
      onSaved={(made) => (made === undefined ? onClose() : setSecret(made))}
      errorsOf={(error) => problemErrors(error, fieldOf)}
      onClose={onClose}
    >
      {(errors) => <Fields form={form} set={set} errors={errors} />}
    </FormDialog>
  );
}
