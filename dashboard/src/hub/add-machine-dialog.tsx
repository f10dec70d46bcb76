import { NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../components/button.tsx";
import { CopyButton } from "../components/copy-button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { fieldLook } from "../components/field-look.ts";
import "../styles/mantine-inputs.css";
import { createToken, tokensQuery, viewerQuery } from "./hub-api.ts";
import classes from "./add-machine-dialog.module.css";

const WIDTH_PX = 560;
const EXPIRIES = [
  { value: "", label: "Never" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
];

function Made({ token, url, onClose }: { token: string; url: string; onClose: () => void }) {
  const lines = `ORCHESTRATOR_MODE=client\nORCHESTRATOR_URL=${url}\nORCHESTRATOR_TOKEN=${token}\n`;
  return (
    <div className={classes.body}>
      <p>
        Put these lines into <code>.env</code> of the machine and start it. The token is shown this once: it is kept
        here only as a hash.
      </p>
      <div className={classes.lines}>
        <pre>{lines}</pre>
        <CopyButton text={lines} label="Copy these lines" word="Copy" />
      </div>
      <p className="dim sm">
        It appears on this page as soon as it connects. Each machine should have a token of its own, so that one can be
        revoked alone.
      </p>
      <div className={classes.foot}>
        <Button look="filled" size="large" onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  );
}

/** Makes a token and says what to do with it, once. */
export function AddMachineDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const { data: viewer } = useQuery(viewerQuery);
  const [name, setName] = useState("");
  const [days, setDays] = useState("");
  const make = useMutation({
    mutationFn: () => createToken({ name: name.trim(), ...(days !== "" && { expires_in_days: Number(days) }) }),
    onSuccess: () => client.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  const url = viewer?.machine_url ?? "";
  return (
    <Dialog title="Add machine" width={WIDTH_PX} onClose={onClose}>
      {make.data ? (
        <Made token={make.data.token} url={url} onClose={onClose} />
      ) : (
        <form
          className={classes.body}
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <TextInput
            label="Name of its token"
            placeholder="build-01"
            required
            maxLength={100}
            data-autofocus
            classNames={fieldLook}
            value={name}
            error={make.error?.message}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label="Expires"
            data={EXPIRIES}
            classNames={{ label: fieldLook.label, input: fieldLook.input }}
            value={days}
            onChange={(event) => setDays(event.currentTarget.value)}
          />
          <div className={classes.foot}>
            <Button size="large" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" look="filled" size="large" disabled={name.trim() === "" || make.isPending}>
              Make token
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
