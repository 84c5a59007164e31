// The workbench: the runs below a folder, what one found out, and the means to check it in this browser.

import { render } from "preact";
import { Root, artifactFolder } from "../kit/data.ts";
import { App, Broken } from "./app.tsx";

const page = document.getElementById("page") as HTMLElement;
page.textContent = "";
try {
  const folder = artifactFolder(location.search, document.documentElement.dataset.artifactPath);
  render(<App root={new Root(folder)} />, page);
} catch (error) {
  render(<Broken error={error} />, page);
}
