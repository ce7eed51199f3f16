using System.Text.Json;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.PubSub;

/// <summary>What became of a delivery.</summary>
public enum Outcome
{
    /// <summary>The app has taken the message.</summary>
    Done,

    /// <summary>The app does not want it.</summary>
    Dropped,

    /// <summary>To be tried again.</summary>
    Failed,

    /// <summary>Failed in a way that the policy does not try again.</summary>
    Rejected,

    /// <summary>The app did not answer.</summary>
    Away,
}

/// <summary>What the body of a 2xx answer says.</summary>
internal static class AppAnswer
{
    /// <summary><c>{"status":"SUCCESS|RETRY|DROP"}</c>. What is not such an object is a success; an unknown status is not.</summary>
    public static Outcome StatusOf(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty) return Outcome.Done;
        try
        {
            using var answer = JsonDocument.Parse(body, DeepJson.Reading);
            return Text(answer.RootElement, "status") is { Length: > 0 } status ? Of(status) : Outcome.Done;
        }
        catch (JsonException)
        {
            return Outcome.Done;
        }
    }

    /// <summary><c>{"statuses":[{"entryId","status"}]}</c>, by entry; here silence is no success.</summary>
    /// <exception cref="JsonException">Not such an object.</exception>
    public static Dictionary<string, Outcome> StatusesOf(ReadOnlyMemory<byte> body)
    {
        using var answer = JsonDocument.Parse(body, DeepJson.Reading);
        var outcomes = new Dictionary<string, Outcome>(StringComparer.Ordinal);
        if (Member(answer.RootElement, "statuses") is not { ValueKind: JsonValueKind.Array } statuses) return outcomes;
        foreach (var status in statuses.EnumerateArray())
            if (Text(status, "entryId") is { } id) outcomes[id] = Of(Text(status, "status"));
        return outcomes;
    }

    private static Outcome Of(string? status) => status switch
    {
        "SUCCESS" => Outcome.Done,
        "DROP" => Outcome.Dropped,
        _ => Outcome.Failed,
    };

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static JsonElement? Member(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object) return null;
        foreach (var member in element.EnumerateObject())
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return member.Value;
        return null;
    }
}
