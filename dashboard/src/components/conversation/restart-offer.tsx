import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Run } from "../../../../src/contract/run.ts";
import { messagesQuery, restartWith } from "../../api/messages.ts";
import { Button } from "../button.tsx";

/** The way on after a run that could not continue its conversation. */
export const RestartOffer = ({ run }: { run: Run }) =>
  run.reason === "unknown_claude_session" ? <RestartButton run={run} /> : null;

/** Says the run's message again, in a new conversation of Claude that is told what was said before. */
function RestartButton({ run }: { run: Run }) {
  const client = useQueryClient();
  const { data } = useInfiniteQuery(messagesQuery(run.sessionId));
  const asked = data?.pages.flatMap(({ items }) => items).find(({ messageId }) => messageId === run.messageId);
  const restart = useMutation({
    mutationFn: (content: string) => restartWith(run.sessionId, content),
    onSettled: () => client.invalidateQueries(),
  });
  return (
    <>
      <Button
        look="filled"
        size="small"
        disabled={restart.isPending || restart.isSuccess}
        onClick={() => restart.mutate(asked?.content ?? "Continue")}
      >
        Start anew with a summary
      </Button>
      {restart.error && (
        <p className="t-fail" role="alert">
          {restart.error.message}
        </p>
      )}
    </>
  );
}
