import "./styles/page.css";
import { apiUrl, basePath } from "./api/base.ts";
import { createQueryClient } from "./api/query-client.ts";
import { App } from "./app.tsx";
import { showPage } from "./lib/show-page.tsx";

showPage(<App />, { client: createQueryClient(), basename: basePath() });

if (import.meta.env.PROD && "serviceWorker" in navigator)
  void navigator.serviceWorker.register(apiUrl("sw.js")).catch(() => undefined);
