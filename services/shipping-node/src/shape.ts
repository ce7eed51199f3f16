import { Problem } from "./problem";
import { isInt32, isObject, isString } from "./validation";

/** Reads a value that is at a path such as `address.city`; a 400 that names what it could not read. */
type Reader<T> = (value: unknown, path: string) => T;

type Readers<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

export const text: Reader<string> = (value, path) => (isString(value) ? value : unreadable(path));

export const int32: Reader<number> = (value, path) => (isInt32(value) ? value : unreadable(path));

/** It may be missing, or null. */
export const optional = <T>(read: Reader<T>): Reader<T | undefined> =>
  Object.assign((value: unknown, path: string) => (value === null ? undefined : read(value, path)), { isOptional: true });

/**
 * An object with these fields, and others that are passed over; names compare without case. As .NET tells it: the first field that cannot
 * be read, in the order in which they came; then all that are missing.
 */
export const object = <T>(readers: Readers<T>): Reader<T> => {
  const all = Object.entries(readers) as [keyof T & string, Reader<T[keyof T]>][];
  return (value, path) => {
    if (!isObject(value)) return unreadable(path);
    const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
    const found: Partial<T> = {};
    const missing = new Map(all);
    for (const [given, field] of Object.entries(value)) {
      const [name, read] = all.find(([known]) => known.toLowerCase() === given.toLowerCase()) ?? [];
      if (name === undefined) continue;
      missing.delete(name);
      const known = read!(field, at(name));
      if (known !== undefined) found[name] = known as T[typeof name];
    }
    const lost = [...missing].filter(([, read]) => !("isOptional" in read)).map(([name]) => at(name));
    return lost.length === 0 ? (found as T) : unreadable(...lost);
  };
};

/** A 400 that names these fields; of the whole nothing is told. */
export function unreadable(...paths: string[]): never {
  const named = paths.filter((path) => path !== "");
  const errors = Object.fromEntries(named.map((path) => [path, ["Missing, or not of the right type."]]));
  throw new Problem(400, undefined, named.length === 0 ? undefined : errors);
}
