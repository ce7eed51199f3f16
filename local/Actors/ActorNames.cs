namespace DaprShop.Local.Actors;

/// <summary>
/// Which names daprd lets through (dapr/dapr <c>pkg/messaging/method</c>): none that could change the path of the call to the app.
/// </summary>
internal static class ActorNames
{
    /// <summary>Why the name cannot be used; null when it can.</summary>
    public static string? Fault(string name)
    {
        if (name.AsSpan().IndexOfAny("#?\0/\\") >= 0) return $"name contains forbidden character: \"{name}\"";
        var control = name.AsSpan().IndexOfAnyInRange('\u0001', '\u001f');
        if (control < 0) control = name.IndexOf('\u007f', StringComparison.Ordinal);
        if (control >= 0) return $"name contains control character at position {control}: \"{Uri.EscapeDataString(name)}\"";
        return name is "." or ".." ? $"name is a path traversal sequence: \"{name}\"" : null;
    }

    /// <exception cref="Errors.DaprError">The name of a reminder, a timer or a method is refused.</exception>
    public static void Check(string name)
    {
        if (Fault(name) is { } fault) throw ActorErrors.BadRequest(fault);
    }

    /// <exception cref="Errors.DaprError">The type or id is refused.</exception>
    public static void Check(ActorRef actor)
    {
        if (Fault(actor.Type) is { } type) throw ActorErrors.BadRequest($"invalid actorType: {type}");
        if (Fault(actor.Id) is { } id) throw ActorErrors.BadRequest($"invalid actorId: {id}");
    }
}
