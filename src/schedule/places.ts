/**
 * A step is known by its place: what its thread has done to shared objects up to there. So threads that run one function share places, as
 * they share lines of source, and a step that is only repeated (a spin loop) stays where it is. Places are hashes of 22 bits: two
 * that fall together are a loss of aim, not of truth.
 */
import { actorLimit } from './seeded-strategy.ts';

export const placeBits = 22;

export class Places {
  /** Actor → hash of what it has done; the code of its last step. */
  private readonly histories = new Int32Array(actorLimit);
  private readonly codes = new Int32Array(actorLimit);

  begin(): void {
    this.histories.fill(0);
    this.codes.fill(0);
  }

  /** The place of a step that `actor` would take now. Means nothing where the step is about nothing shared. */
  before(actor: number, code: number): number {
    return placeOf(this.historyWith(actor, code));
  }

  /** `actor` takes the step: where that is. */
  take(actor: number, code: number): number {
    const history = this.historyWith(actor, code);
    this.histories[actor] = history;
    this.codes[actor] = code;
    return placeOf(history);
  }

  private historyWith(actor: number, code: number): number {
    const history = this.histories[actor]!;
    return code === this.codes[actor] ? history : mix(history ^ code);
  }
}

function mix(value: number): number {
  const x = Math.imul(value ^ (value >>> 16), 0x7feb352d) + 0x9e3779b9;
  return Math.imul(x ^ (x >>> 15), 0x846ca68b) ^ (x >>> 13);
}

const placeOf = (history: number): number => (history >>> (32 - placeBits)) | 2;
