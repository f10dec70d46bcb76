/** Buttons and menus of ours, by `action_id`; what they carry stands beside them. */
export const ACTIONS = {
  /** A button; value: the session's id. */
  stop: "session_stop",
  /** A menu (static_select); block_id: `question:<question id>`, value of the option: what to work on. */
  chooseRepository: "repository_choose",
  /** Buttons that only open a link; Slack tells us of them all the same. Any action that begins with it. */
  link: "link_",
} as const;
