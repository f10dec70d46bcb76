import { NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { PermissionMode } from "../../../../src/contract/session.ts";
import { statusQuery } from "../../api/system.ts";
import { fieldLook, typedLook } from "../field-look.ts";
import type { FieldsProps } from "./create-form.tsx";
import classes from "./create-form.module.css";

const SECONDS = 60;

/** Which model, what it may do without asking, and how much of it. */
export function LimitFields({ form, set, errors }: FieldsProps) {
  const { data: system } = useQuery(statusQuery);
  const defaults = system?.defaults;
  const modes = PermissionMode.options.filter((mode) => mode !== "bypassPermissions" || defaults?.bypassAllowed);
  const minutes = defaults ? String(Math.round(defaults.timeoutSeconds / SECONDS)) : "";
  return (
    <div className={classes.three}>
      <TextInput
        label="Model"
        name="model"
        placeholder="Claude’s default"
        classNames={fieldLook}
        value={form.model}
        error={errors.model}
        onChange={(event) => set("model", event.currentTarget.value)}
      />
      <Select
        label="Permissions"
        name="permissionMode"
        placeholder={defaults?.permissionMode ?? "default"}
        data={modes}
        clearable
        classNames={typedLook}
        value={form.permissionMode || null}
        error={errors.permissionMode}
        onChange={(value) => set("permissionMode", PermissionMode.safeParse(value).data ?? "")}
      />
      <NumberInput
        label="Timeout"
        name="timeoutMinutes"
        placeholder={minutes}
        rightSection={<span className="dim sm">min</span>}
        rightSectionWidth={40}
        classNames={fieldLook}
        value={form.timeoutMinutes}
        error={errors.timeoutMinutes}
        onChange={(value) => set("timeoutMinutes", String(value))}
      />
      <NumberInput
        label="Budget"
        name="maxBudgetUsd"
        placeholder="no limit"
        leftSection={<span className="dim">$</span>}
        classNames={fieldLook}
        value={form.maxBudgetUsd}
        error={errors.maxBudgetUsd}
        onChange={(value) => set("maxBudgetUsd", String(value))}
      />
      <NumberInput
        label="Turns"
        name="maxTurns"
        placeholder="no limit"
        classNames={fieldLook}
        value={form.maxTurns}
        error={errors.maxTurns}
        onChange={(value) => set("maxTurns", String(value))}
      />
    </div>
  );
}
