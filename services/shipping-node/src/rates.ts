import type { ShippingRate } from "./contracts";

// What it costs to send a parcel, and how long it takes. Pure; the tables are the price list.

export const standard = "standard";
export const express = "express";

/** The heaviest parcel anyone takes, in grams. */
export const maxWeightGrams = 100_000;

interface Tariff {
  readonly method: string;
  readonly firstKilogram: number;
  readonly eachFurther: number;
  readonly days: number;
  readonly maxGrams: number;
}

const tariff = (method: string, firstKilogram: number, eachFurther: number, days: number, maxGrams = maxWeightGrams): Tariff => ({
  method, firstKilogram, eachFurther, days, maxGrams,
});

const zones: readonly [countries: string, tariffs: readonly Tariff[]][] = [
  ["US PR", [tariff(standard, 499, 60, 4), tariff(express, 1299, 150, 1, 30_000)]],
  ["CA MX", [tariff(standard, 899, 120, 6), tariff(express, 2199, 300, 2, 30_000)]],
  [
    "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK",
    [tariff(standard, 1299, 220, 8), tariff(express, 3499, 550, 3, 30_000)],
  ],
  ["AU HK ID IN JP KR MY NZ PH SG TH TW VN", [tariff(standard, 1499, 280, 10), tariff(express, 3999, 650, 4, 30_000)]],
  // Farther away only what is light goes, and slowly.
  ["AE AR BR CL CO CR EG IL KE MA NG PE SA TR UY ZA", [tariff(standard, 1999, 420, 15, 20_000)]],
];

const countries = new Map(zones.flatMap(([codes, tariffs]) => codes.split(" ").map((code) => [code, tariffs] as const)));

/**
 * Every way to send it; none when nobody delivers there, or not so heavy.
 * @param country ISO 3166-1 alpha-2, upper case.
 * @param weightGrams At least 1.
 */
export function ratesFor(country: string, weightGrams: number): ShippingRate[] {
  const furtherKilograms = Math.floor((weightGrams - 1) / 1000);
  return (countries.get(country) ?? [])
    .filter((offer) => weightGrams <= offer.maxGrams)
    .map((offer) => ({
      method: offer.method,
      price: { amount: offer.firstKilogram + furtherKilograms * offer.eachFurther, currency: "USD" },
      estimatedDays: offer.days,
    }));
}

/** Two ASCII letters; whether there is such a country, or anyone goes there, is another matter. */
export const isCountryCode = (country: unknown): country is string => typeof country === "string" && /^[A-Z]{2}$/.test(country);
