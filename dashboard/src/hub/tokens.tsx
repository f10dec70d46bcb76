import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../components/button.tsx";
import { PlusIcon } from "../components/icons.tsx";
import { fullTime, moment } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { type HubToken, revokeToken, tokensQuery } from "./hub-api.ts";
import classes from "./tokens.module.css";

const SOON_MS = 7 * 24 * 60 * 60_000;

function Expiry({ token, now }: { token: HubToken; now: number }) {
  if (token.is_revoked) return <span className="dim3">revoked</span>;
  if (token.expires_at === null) return <span className="dim3">never</span>;
  const left = Date.parse(token.expires_at) - now;
  const tone = left < 0 ? "t-fail" : left < SOON_MS ? "t-need" : undefined;
  return (
    <span className={tone} title={fullTime(token.expires_at)}>
      {left < 0 ? "expired" : moment(token.expires_at, now)}
    </span>
  );
}

function Row({ token, now }: { token: HubToken; now: number }) {
  const client = useQueryClient();
  const [isSure, setSure] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.id),
    onSettled: () => client.invalidateQueries(),
  });
  return (
    <tr>
      <td>
        <span className={classes.name}>{token.name}</span> <code>ao_{token.id.slice(0, 8)}_…</code>
      </td>
      <td>{token.last_used ? moment(token.last_used, now) : "not yet"}</td>
      <td>
        <Expiry token={token} now={now} />
      </td>
      <td className={classes.act}>
        {!token.is_revoked && (
          <Button
            look="bad"
            size="small"
            disabled={revoke.isPending}
            onClick={() => (isSure ? revoke.mutate() : setSure(true))}
            onBlur={() => setSure(false)}
          >
            {isSure ? "Revoke now" : "Revoke"} <span className="hidden-text">{token.name}</span>
          </Button>
        )}
      </td>
    </tr>
  );
}

/** The tokens machines come in by. Revoking one closes the sockets made with it at once. */
export function Tokens({ onAdd }: { onAdd: () => void }) {
  const now = useNow();
  const { data: tokens } = useQuery(tokensQuery);
  if (!tokens || tokens.length === 0) return null;
  return (
    <section className={classes.tokens} aria-labelledby="tokens">
      <div className={classes.head}>
        <h2 id="tokens">Tokens</h2>
        <Button size="small" onClick={onAdd}>
          <PlusIcon size={11} /> New token
        </Button>
      </div>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Token</th>
            <th scope="col">Last used</th>
            <th scope="col">Expires</th>
            <th scope="col">
              <span className="hidden-text">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <Row key={token.id} token={token} now={now} />
          ))}
        </tbody>
      </table>
      <p className="sm dim">Shown once when made, kept only as a hash. Revoking closes the sockets at once.</p>
    </section>
  );
}
