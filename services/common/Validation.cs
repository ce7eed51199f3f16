namespace DaprShop.Common;

/// <summary>Collects what is wrong with a request, field by field (camelCase paths such as <c>items[0].quantity</c>).</summary>
public sealed class Validation
{
    private readonly Dictionary<string, List<string>> _errors = [];

    /// <summary>Notes <paramref name="message"/> for <paramref name="field"/> unless <paramref name="holds"/>.</summary>
    public Validation Check(bool holds, string field, string message)
    {
        if (holds) return this;
        if (!_errors.TryGetValue(field, out var messages)) _errors[field] = messages = [];
        messages.Add(message);
        return this;
    }

    /// <summary>Notes a missing, blank or too long text.</summary>
    public Validation Text(string? value, string field, int maxLength) => Check(
        !string.IsNullOrWhiteSpace(value) && value.Length <= maxLength && !value.Any(char.IsControl),
        field, $"Required: 1 to {maxLength} characters, no control characters.");

    /// <summary>The 400 to answer, or null when all is well.</summary>
    public Problem? Problem => _errors.Count == 0
        ? null
        : Common.Problem.Invalid(_errors.ToDictionary(error => error.Key, error => error.Value.ToArray()));
}
