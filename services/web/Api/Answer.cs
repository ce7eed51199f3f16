namespace DaprShop.Web.Api;

/// <summary>What a service answered: a value, or why there is none.</summary>
/// <param name="Value">On success; the default value when the answer had no body.</param>
/// <param name="ETag">Of the value, where the service sends one.</param>
public sealed record Answer<T>(T? Value, Refusal? Refusal = null, string? ETag = null) where T : class
{
    /// <summary>The service did not answer, or said that it cannot now.</summary>
    public bool IsAway => Refusal is { IsAway: true };

    public bool IsMissing => Refusal is { Status: StatusCodes.Status404NotFound };
}

public static class Answer
{
    /// <summary>No answer at all.</summary>
    public static Answer<T> Away<T>() where T : class => new(null, new Refusal(StatusCodes.Status503ServiceUnavailable, null));
}

/// <summary>A problem+json answer, as far as pages show it.</summary>
/// <param name="Errors">Field → messages.</param>
public sealed record Refusal(int Status, string? Detail, IReadOnlyDictionary<string, string[]>? Errors = null)
{
    public bool IsAway => Status >= 500;

    /// <summary>All there is to say, one sentence each.</summary>
    public IEnumerable<string> Messages => IsAway
        ? ["This part of the shop is taking a break. Please try again in a moment."]
        : Errors is { Count: > 0 }
            ? Errors.SelectMany(error => error.Value.Select(message => $"{Label(error.Key)}: {message}"))
            : [Detail ?? "That did not work. Please try again."];

    /// <summary>"shippingAddress.postalCode" is "Postal code" to people.</summary>
    private static string Label(string field)
    {
        var words = string.Concat(field.Split('.')[^1].Select(c => char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : c.ToString()));
        return words.Length == 0 ? "Input" : char.ToUpperInvariant(words[0]) + words[1..];
    }
}
