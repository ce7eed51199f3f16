using DaprShop.Contracts;

namespace DaprShop.Shipping;

/// <summary>What it costs to send a parcel, and how long it takes. Pure; the tables are the price list.</summary>
public static class Rates
{
    public const string Standard = "standard";
    public const string Express = "express";

    /// <summary>The heaviest parcel anyone takes, in grams.</summary>
    public const int MaxWeightGrams = 100_000;

    private const string Currency = "USD";

    private sealed record Tariff(string Method, int FirstKilogram, int EachFurther, int Days, int MaxGrams = MaxWeightGrams);

    private static readonly Tariff[] s_domestic =
    [
        new(Standard, 499, 60, 4),
        new(Express, 1299, 150, 1, 30_000),
    ];

    private static readonly Tariff[] s_neighbours =
    [
        new(Standard, 899, 120, 6),
        new(Express, 2199, 300, 2, 30_000),
    ];

    private static readonly Tariff[] s_europe =
    [
        new(Standard, 1299, 220, 8),
        new(Express, 3499, 550, 3, 30_000),
    ];

    private static readonly Tariff[] s_pacific =
    [
        new(Standard, 1499, 280, 10),
        new(Express, 3999, 650, 4, 30_000),
    ];

    /// <summary>Farther away only what is light goes, and slowly.</summary>
    private static readonly Tariff[] s_far =
    [
        new(Standard, 1999, 420, 15, 20_000),
    ];

    private static readonly Dictionary<string, Tariff[]> s_countries = new (string Countries, Tariff[] Tariffs)[]
    {
        ("US PR", s_domestic),
        ("CA MX", s_neighbours),
        ("AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK", s_europe),
        ("AU HK ID IN JP KR MY NZ PH SG TH TW VN", s_pacific),
        ("AE AR BR CL CO CR EG IL KE MA NG PE SA TR UY ZA", s_far),
    }.SelectMany(zone => zone.Countries.Split(' ').Select(country => (country, zone.Tariffs))).ToDictionary();

    /// <summary>Every way to send it; none when nobody delivers there, or not so heavy.</summary>
    /// <param name="country">ISO 3166-1 alpha-2, upper case.</param>
    /// <param name="weightGrams">At least 1.</param>
    public static IReadOnlyList<ShippingRate> For(string country, int weightGrams) => !s_countries.TryGetValue(country, out var tariffs)
        ? []
        : [.. tariffs.Where(tariff => weightGrams <= tariff.MaxGrams).Select(tariff => Rate(tariff, weightGrams))];

    /// <summary>Two ASCII letters; whether there is such a country, or anyone goes there, is another matter.</summary>
    public static bool IsCountryCode(string? country) => country is { Length: 2 } && country.All(char.IsAsciiLetterUpper);

    private static ShippingRate Rate(Tariff tariff, int weightGrams)
    {
        var furtherKilograms = (weightGrams - 1) / 1000;
        var price = new Money(tariff.FirstKilogram + furtherKilograms * tariff.EachFurther, Currency);
        return new ShippingRate(tariff.Method, price, tariff.Days);
    }
}
