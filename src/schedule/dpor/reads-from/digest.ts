/**
 * A number of 52 bits for each of a list of things, made of numbers one after the other. Where two things are taken for one their numbers fell
 * together: with k to be told apart that has a probability of less than k² / 2^53.
 */
import { larger } from './accesses.ts';

export class Digest {
  private low = new Int32Array(64);
  private high = new Int32Array(64);

  begin(at: number, seed: number): void {
    this.reserve(at);
    this.low[at] = 0x9e3779b9;
    this.high[at] = 0x7f4a7c15;
    this.add(at, seed);
  }

  copy(at: number, from: Digest, place: number): void {
    this.reserve(at);
    this.low[at] = from.low[place]!;
    this.high[at] = from.high[place]!;
  }

  /** Adds a whole number below 2^53. */
  add(at: number, value: number): void {
    const upper = Math.floor(value * 2 ** -32);
    let a = Math.imul(this.low[at]! ^ value, 0x85ebca6b);
    a = Math.imul(a ^ (a >>> 15) ^ upper, 0x2c1b3c6d);
    let b = Math.imul(this.high[at]! ^ upper ^ (a >>> 7), 0xc2b2ae35);
    b = Math.imul(b ^ (b >>> 13) ^ value, 0x297a2d39);
    this.low[at] = a ^ (a >>> 16);
    this.high[at] = b ^ (b >>> 16);
  }

  of(at: number): number {
    return (this.high[at]! >>> 12) * 2 ** 32 + (this.low[at]! >>> 0);
  }

  private reserve(at: number): void {
    if (at < this.low.length) return;
    this.low = larger(this.low, new Int32Array(at * 2));
    this.high = larger(this.high, new Int32Array(at * 2));
  }
}
