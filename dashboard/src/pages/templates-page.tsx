import { useQuery } from "@tanstack/react-query";
import { lazy, useState } from "react";
import type { Template } from "../../../src/contract/template.ts";
import { templatesQuery } from "../api/templates.ts";
import { ListPage } from "../components/list-page.tsx";
import { TemplateRow } from "../components/templates/template-row.tsx";

const TemplateFormDialog = lazy(() =>
  import("../components/templates/template-form-dialog.tsx").then((file) => ({ default: file.TemplateFormDialog })),
);

/** All templates: sessions that are prepared, for schedules, workspaces, n8n and people. */
export function TemplatesPage() {
  const { data: templates, error } = useQuery(templatesQuery);
  const [form, setForm] = useState<{ template?: Template }>();
  return (
    <ListPage
      title="Templates"
      about="sessions that are prepared"
      one="template"
      empty="A template says where Claude works and what it is asked, under a name. Schedules start it, a workspace is kept filled by it, and callers of the API give its variables."
      count={templates?.length}
      error={error}
      onNew={() => setForm({})}
      dialog={form && <TemplateFormDialog template={form.template} onClose={() => setForm(undefined)} />}
    >
      {templates?.map((template) => (
        <TemplateRow key={template.templateId} template={template} onEdit={() => setForm({ template })} />
      ))}
    </ListPage>
  );
}
