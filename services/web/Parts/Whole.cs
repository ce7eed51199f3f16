using System.Globalization;

namespace DaprShop.Web.Parts;

/// <summary>Whole numbers that people type.</summary>
public static class Whole
{
    /// <summary>A whole number as browsers send what was typed into a number field: "2", "2.0" and "2e0" are 2; null when it is none.</summary>
    public static int? Number(string? text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && number is >= int.MinValue and <= int.MaxValue && number == decimal.Truncate(number) ? (int)number : null;
}
