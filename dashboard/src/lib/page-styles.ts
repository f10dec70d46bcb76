// Imported before anything else: what components say for themselves comes later, and wins.
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "../styles/tokens.css";
import "../styles/mantine.css";
import "../styles/base.css";
