using System.Globalization;

namespace DaprShop.Web.Parts;

public static class Paging
{
    /// <summary>The page asked for; anything that is no page is the first.</summary>
    public static int Number(string? page) =>
        int.TryParse(page, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 100_000 ? number : 1;
}
