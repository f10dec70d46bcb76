import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The accent in ten steps, for the few Mantine parts that ask for a shade by number. */
const pine: MantineColorsTuple = [
  "#dfefeb",
  "#c5e2db",
  "#8fc5ba",
  "#58cfb5",
  "#2f9c88",
  "#1a8070",
  "#0a6a5c",
  "#085d50",
  "#075246",
  "#053f36",
];

const bare = { defaultProps: { size: "xs" } } as const;

export const theme = createTheme({
  primaryColor: "pine",
  primaryShade: { light: 6, dark: 3 },
  colors: { pine },
  defaultRadius: 5,
  fontFamily: "var(--sans)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "13px", lg: "14px", xl: "16px" },
  lineHeights: { xs: "16px", sm: "20px", md: "20px", lg: "22px", xl: "24px" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { xs: "3px", sm: "5px", md: "8px", lg: "10px", xl: "12px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    TextInput: bare,
    Textarea: bare,
    PasswordInput: bare,
    NumberInput: { defaultProps: { size: "xs", hideControls: true } },
    Select: { defaultProps: { size: "xs", checkIconPosition: "right" } },
    Autocomplete: bare,
    TagsInput: bare,
    Checkbox: bare,
    Modal: { defaultProps: { radius: 10, transitionProps: { duration: 160, transition: "fade-up" } } },
    Drawer: { defaultProps: { transitionProps: { duration: 160 } } },
    Menu: { defaultProps: { shadow: "none", transitionProps: { duration: 120 } } },
  },
});

/** Mantine's own variables, told in our tokens; the tokens carry both schemes, so one list serves light and dark. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const mapped = {
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-2)",
    "--mantine-color-placeholder": "var(--ink-3)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-error": "var(--fail)",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-color": "var(--ink)",
    "--mantine-color-default-border": "var(--control)",
    "--mantine-color-disabled": "var(--sunken)",
    "--mantine-color-disabled-color": "var(--ink-3)",
    "--mantine-color-disabled-border": "var(--line-2)",
    "--mantine-primary-color-filled": "var(--accent)",
    "--mantine-primary-color-filled-hover": "var(--accent-hover)",
    "--mantine-primary-color-contrast": "var(--on-accent)",
    "--mantine-primary-color-light": "var(--tint)",
    "--mantine-primary-color-light-color": "var(--accent)",
    "--mantine-shadow-md": "var(--shadow-lg)",
    "--mantine-shadow-xl": "var(--shadow-lg)",
  };
  return { variables: {}, light: mapped, dark: mapped };
};
