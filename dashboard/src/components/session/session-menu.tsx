import { Menu } from "@mantine/core";
import { useClipboard, useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { updateSession } from "../../api/sessions.ts";
import "../../styles/mantine-menu.css";
import { say } from "../../lib/say.ts";
import { Button } from "../button.tsx";
import { MoreIcon } from "../icons.tsx";

const EditDialog = lazy(() => import("./edit-dialog.tsx").then((file) => ({ default: file.EditDialog })));

/** What can be done with a session beside talking to it. */
export function SessionMenu({ session }: { session: Session }) {
  const client = useQueryClient();
  const { copy } = useClipboard();
  const [editing, edit] = useDisclosure();
  const archive = useMutation({
    mutationFn: () => updateSession(session.sessionId, { status: "archived" }),
    onSuccess: () => say("Archived; a message brings it back"),
    onError: (error) => say(`Not archived: ${error.message}`),
    onSettled: () => client.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const { resumeCommand, workspacePath } = session;
  const copyItem = (what: string, text: string) => (
    <Menu.Item
      onClick={() => {
        copy(text);
        say(`Copied the ${what}`);
      }}
    >
      Copy {what}
    </Menu.Item>
  );
  return (
    <>
      <Menu position="bottom-end" width={220} withinPortal>
        <Menu.Target>
          <Button look="quiet" square aria-label="More">
            <MoreIcon />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={edit.open}>Edit title, tags, limits</Menu.Item>
          {resumeCommand && copyItem("resume command", resumeCommand)}
          {workspacePath && copyItem("workspace path", workspacePath)}
          {copyItem("link", location.href)}
          {session.status !== "archived" && session.status !== "running" && (
            <Menu.Item disabled={archive.isPending} onClick={() => archive.mutate()}>
              Archive
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense>{editing && <EditDialog session={session} onClose={edit.close} />}</Suspense>
    </>
  );
}
