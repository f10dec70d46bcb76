import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { Navigate, Route, Routes } from "react-router";
import { signInState } from "../api/sign-in-state.ts";
import { openMachineFeed } from "./machine-feed.ts";
import { MachinesPage } from "./machines-page.tsx";
import { SignInPage } from "./sign-in-page.tsx";

function Machines() {
  const client = useQueryClient();
  useEffect(() => openMachineFeed(client), [client]);
  return (
    <Routes>
      <Route path="/dashboard" element={<MachinesPage />} />
      <Route path="/dashboard/:id" element={<MachinesPage />} />
      <Route path="*" element={<Navigate to="/dashboard" replace />} />
    </Routes>
  );
}

/** The pages of the hub, behind the sign-in where it asks for one. */
export function HubApp() {
  const signInNeeded = useSyncExternalStore(signInState.subscribe, signInState.get);
  return signInNeeded ? <SignInPage /> : <Machines />;
}
