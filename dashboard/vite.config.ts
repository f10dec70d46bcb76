import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const API = "http://127.0.0.1:3001";

export default defineConfig({
  // Asset addresses are relative to <base href> in index.html: a prefixing proxy has one place to change.
  base: "./",
  plugins: [react()],
  server: { host: "127.0.0.1", port: 3000, strictPort: true, proxy: { "/api": API, "/health": API } },
  build: {
    target: "es2023",
    // Fonts and icons stay files: the page's content security policy knows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
