import { TagsInput, Textarea, TextInput } from "@mantine/core";
import { fieldLook, typedLook } from "../field-look.ts";
import type { FieldsProps } from "./create-form.tsx";
import classes from "./create-form.module.css";

/** A rule may hold a comma: only Enter ends one. */
const NO_SPLIT: string[] = [];

/** What most sessions do without. */
export function AdvancedFields({ form, set, errors }: FieldsProps) {
  return (
    <div className={classes.advanced}>
      <div className={classes.pair}>
        <TextInput
          label="Title"
          name="title"
          placeholder="taken from the prompt"
          maxLength={200}
          classNames={fieldLook}
          value={form.title}
          error={errors.title}
          onChange={(event) => set("title", event.currentTarget.value)}
        />
        <TagsInput
          label="Tags"
          name="tags"
          placeholder={form.tags.length === 0 ? "Enter after each" : ""}
          classNames={fieldLook}
          value={form.tags}
          error={errors.tags}
          onChange={(value) => set("tags", value)}
        />
      </div>
      <TagsInput
        label="Allowed tools"
        name="allowedTools"
        placeholder={form.allowedTools.length === 0 ? "Bash(npm test *), WebFetch" : ""}
        splitChars={NO_SPLIT}
        classNames={typedLook}
        value={form.allowedTools}
        error={errors.allowedTools}
        onChange={(value) => set("allowedTools", value)}
      />
      <TagsInput
        label="Refused tools"
        name="disallowedTools"
        placeholder={form.disallowedTools.length === 0 ? "Bash(git push *)" : ""}
        splitChars={NO_SPLIT}
        classNames={typedLook}
        value={form.disallowedTools}
        error={errors.disallowedTools}
        onChange={(value) => set("disallowedTools", value)}
      />
      <Textarea
        label="Added to the system prompt"
        name="appendSystemPrompt"
        autosize
        minRows={2}
        maxRows={8}
        classNames={fieldLook}
        value={form.appendSystemPrompt}
        error={errors.appendSystemPrompt}
        onChange={(event) => set("appendSystemPrompt", event.currentTarget.value)}
      />
    </div>
  );
}
