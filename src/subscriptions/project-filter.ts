interface Project {
  githubRepo: string | null;
  projectPath: string | null;
}

/** `https://github.com/Owner/Repo.git`, `git@github.com:owner/repo` and `owner/repo` are one repository. */
function repositoryName(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^[a-z][a-z+.-]*:\/\/(?:[^/@]*@)?/u, "")
    .replace(/^[^/@:]+@([^/:]+):/u, "$1/")
    .replace(/\/+$/u, "")
    .replace(/\.git$/u, "");
  return name.replace(/^(?:www\.)?github\.com\//u, "");
}

const trimmed = (path: string): string => (path === "/" ? "" : path.replace(/\/+$/u, ""));

const liesIn = (path: string, folder: string): boolean => `${trimmed(path)}/`.startsWith(`${trimmed(folder)}/`);

/** Whether a session works on one of these repositories, or in or below one of these folders; with none, any does. */
export function isOfProject(session: Project | undefined, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const { githubRepo = null, projectPath = null } = session ?? {};
  return wanted.some((project) =>
    project.startsWith("/")
      ? projectPath !== null && liesIn(projectPath, project)
      : githubRepo !== null && repositoryName(githubRepo) === repositoryName(project),
  );
}
