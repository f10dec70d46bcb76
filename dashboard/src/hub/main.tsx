import "../styles/page.css";
import { createQueryClient } from "../api/query-client.ts";
import { showPage } from "../lib/show-page.tsx";
import { HubApp } from "./hub-app.tsx";

showPage(<HubApp />, { client: createQueryClient(), basename: "/" });
