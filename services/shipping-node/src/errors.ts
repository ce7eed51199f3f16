/**
 * The sidecar, or somebody behind it, did not answer, or refused: nothing that the request or event at hand is to blame for. A 503 to the
 * client.
 */
export class OutageError extends Error {
  override name = "OutageError";

  /** @param status What the sidecar answered; undefined when it did not. */
  constructor(message: string, readonly status?: number) {
    super(message);
  }
}

/** Another service did not answer, or not with a success: a 503 to the client. */
export class PeerUnavailableError extends OutageError {
  override name = "PeerUnavailableError";

  constructor(readonly peer: string, cause: unknown) {
    super(`${peer} is unavailable: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** A document was changed under every attempt to write it, or the store refused them all: a 503 to the client. */
export class ContendedError extends OutageError {
  override name = "ContendedError";

  constructor() {
    super("The store refused every attempt to write.");
  }
}
