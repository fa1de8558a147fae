/** FILE on the command line: a path, from the working directory, or a file: URL. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export const scenarioUrl = (file: string): URL =>
  file.startsWith('file:') ? new URL(file) : pathToFileURL(resolve(file));
