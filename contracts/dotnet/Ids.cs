namespace DaprShop.Contracts;

/// <summary>How ids look on every wire of the shop. Anything else is refused before it becomes a state key or an actor id.</summary>
public static class Ids
{
    /// <summary>Orders and members: a lower-case UUID.</summary>
    public static bool IsUuid(string? id) =>
        id is { Length: 36 } && Guid.TryParseExact(id, "D", out _) && !id.Any(char.IsAsciiLetterUpper);

    /// <summary>Products: 1 to 64 of <c>a–z</c>, <c>0–9</c> and <c>-</c>, such as <c>kettle-01</c>.</summary>
    public static bool IsSlug(string? id) =>
        id is { Length: > 0 and <= 64 } && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
