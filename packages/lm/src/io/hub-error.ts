/** Says what went wrong between here and the Hugging Face Hub, and what to do about it. */

/** A model or data set that could not be fetched. */
export class HubError extends Error {
  override readonly name = "HubError";
}

/** What a repository holds. */
export type RepoKind = "model" | "dataset";

/** What was asked for, for messages. */
export interface Request {
  readonly hubUrl: string;
  readonly kind: RepoKind;
  /** `ORG/NAME`. */
  readonly repo: string;
  readonly revision: string;
}

/** Address of a repository's page, below which its files are. */
export function pageOf({ hubUrl, kind, repo }: Request): string {
  return `${hubUrl}/${kind === "model" ? "" : "datasets/"}${repo}`;
}

/** The error of an answer with this status. */
export function statusError(request: Request, status: number): HubError {
  const { hubUrl, kind, repo, revision } = request;
  const page = pageOf(request);
  if (status === 401 || status === 403) {
    return new HubError(
      `${repo}: expected access, got status ${status}. The ${kind} is gated, private or not there: ` +
        `check the name, agree to its terms at ${page} and pass an access token.`,
    );
  }
  if (status === 404) {
    return new HubError(
      `${repo}: expected a ${kind} with revision "${revision}", got status 404. Check name and ` +
        `revision at ${page}.`,
    );
  }
  return new HubError(
    `${repo}: expected files from ${hubUrl}, got status ${status}. Try again later; what has ` +
      "arrived is kept.",
  );
}

/** The error of a failed call, whatever it threw. */
export function requestError(request: Request, error: unknown): HubError {
  if (error instanceof HubError) return error;
  const status = property(error, "statusCode");
  if (typeof status === "number") return statusError(request, status);
  const cause = property(error, "cause") ?? error;
  const reason = property(cause, "code") || property(cause, "message") || String(cause);
  return new HubError(
    `${request.repo}: expected an answer of ${request.hubUrl}, got ${reason}. Check the network ` +
      `and try again: what has arrived is kept. Without network, put the ${request.kind}'s files ` +
      "into a folder and pass its path.",
    { cause: error },
  );
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
