import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const API = "http://127.0.0.1:3001";

export default defineConfig({
  plugins: [react()],
  server: { host: "127.0.0.1", port: 3000, strictPort: true, proxy: { "/api": API, "/health": API } },
  // Only index.html names addresses from the root, where a prefixing proxy can rewrite them; code and styles find the
  // rest relative to themselves.
  experimental: { renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `/${file}` : { relative: true }) },
  build: {
    target: "es2023",
    // The console of an instance, and the pages of the hub.
    rollupOptions: { input: ["index.html", "hub.html"] },
    // Fonts and icons stay files: the page's content security policy knows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
