import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { Template } from "../../../src/contract/template.ts";
import { templatesQuery } from "../api/templates.ts";
import { Button } from "../components/button.tsx";
import { PlusIcon } from "../components/icons.tsx";
import { TemplateRow } from "../components/templates/template-row.tsx";
import { useTitle } from "../lib/use-title.ts";
import classes from "./list-page.module.css";

const TemplateFormDialog = lazy(() =>
  import("../components/templates/template-form-dialog.tsx").then((file) => ({ default: file.TemplateFormDialog })),
);

/** All templates: sessions that are prepared, for schedules, workspaces, n8n and people. */
export function TemplatesPage() {
  useTitle("Templates");
  const { data: templates, error } = useQuery(templatesQuery);
  const [form, setForm] = useState<{ template?: Template }>();
  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <h1>Templates</h1>
        <span className="dim">sessions that are prepared</span>
        <span className="grow" />
        <Button onClick={() => setForm({})}>
          <PlusIcon size={12} /> New template
        </Button>
      </header>
      {error && (
        <p className="t-fail" role="alert">
          {error.message}
        </p>
      )}
      {templates?.length === 0 && (
        <div className={classes.empty}>
          <h2>No template yet</h2>
          <p className="dim">
            A template says where Claude works and what it is asked, under a name. Schedules start it, a workspace is
            kept filled by it, and callers of the API give its variables.
          </p>
        </div>
      )}
      {templates && templates.length > 0 && (
        <ul className={classes.rows} aria-label="Templates">
          {templates.map((template) => (
            <TemplateRow key={template.templateId} template={template} onEdit={() => setForm({ template })} />
          ))}
        </ul>
      )}
      {!templates && !error && <div className={classes.skeleton} aria-hidden="true" />}
      <Suspense>{form && <TemplateFormDialog template={form.template} onClose={() => setForm(undefined)} />}</Suspense>
    </main>
  );
}
