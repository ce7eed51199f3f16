import { Problem } from "./problem";

/** Collects what is wrong with a request, field by field. */
export class Validation {
  private readonly errors: Record<string, string[]> = {};

  /** Notes `message` for `field` unless it holds. */
  check(holds: boolean, field: string, message: string): this {
    if (!holds) (this.errors[field] ??= []).push(message);
    return this;
  }

  /** Notes a missing, blank or too long text. */
  text(value: string, field: string, maxLength: number): this {
    const holds = value.trim() !== "" && value.length <= maxLength && !/\p{Cc}/u.test(value);
    return this.check(holds, field, `Required: 1 to ${maxLength} characters, no control characters.`);
  }

  /** A 400 unless all is well. */
  done(): void {
    if (Object.keys(this.errors).length > 0) throw Problem.invalid(this.errors);
  }
}

type Fields = Readonly<Record<string, unknown>>;

const int32 = 2 ** 31 - 1;

export const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

export const isString = (value: unknown): value is string => typeof value === "string";

export const isInt32 = (value: unknown): value is number => Number.isInteger(value) && Math.abs(value as number) <= int32;
