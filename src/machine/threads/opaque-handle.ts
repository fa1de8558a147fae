/** A handle on the main thread: it can be passed on to tasks, and nothing else. */
import { type Branded, handleBrand } from '../../task/handle.ts';

export function opaqueHandle(kind: string, id: number): Branded {
  const handle = Object.freeze({ [handleBrand]: kind, id });
  return new Proxy(handle, {
    get(target, key) {
      // `then` is what `await` looks for; symbols are what inspection looks for.
      if (key in target || typeof key === 'symbol' || key === 'then' || key === 'toJSON')
        return Reflect.get(target, key);
      return () => {
        throw new TypeError(
          `${kind}.${key}: on the main thread handles are opaque; pass it to a function of a task and call it there`,
        );
      };
    },
  }) as unknown as Branded;
}
