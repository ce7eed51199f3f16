namespace DaprShop.Deployment.Tests;

/// <summary>
/// <c>spec.accessControl</c> of one service's Configuration, decided as daprd decides (pkg/config/acl_trie.go): the first operation whose
/// path ends on the way counts, <c>/**</c> is any path, <c>/*</c> one last segment and, in the middle of a path, nothing at all.
/// </summary>
public sealed class AccessList(Yaml accessControl)
{
    /// <summary>The callers that are named.</summary>
    public IEnumerable<string> Callers => accessControl["policies"].Items.Select(policy => policy["appId"].Text!);

    /// <summary>What a caller may.</summary>
    public IEnumerable<Yaml> Operations(string caller) =>
        accessControl["policies"].Items.Where(policy => policy["appId"].Text == caller).SelectMany(policy => policy["operations"].Items);

    public bool Allows(string caller, string verb, string path)
    {
        var root = new Node("/");
        foreach (var operation in Operations(caller))
        {
            var node = root;
            foreach (var segment in Segments(operation["name"].Text!)) node = node.Child(segment);
            node.Verbs ??= operation["httpVerb"].Texts;
        }
        return Find(root, Segments(path)) is { } verbs && (verbs.Contains(verb) || verbs.Contains("*"));
    }

    private static IReadOnlyList<string>? Find(Node node, string[] segments)
    {
        for (var at = 0; at < segments.Length; at++)
        {
            var last = at == segments.Length - 1;
            if (node.Match(segments[at], last) is not { } next) return null;
            if (next.Verbs is not null) return next.Verbs;
            if (last) return next.Match("/*", last)?.Verbs;
            node = next;
        }
        return null;
    }

    private static string[] Segments(string path) => [.. path.Trim('/').ToLowerInvariant().Split('/').Select(segment => "/" + segment)];

    private sealed class Node(string segment)
    {
        private readonly List<Node> _children = [];

        public IReadOnlyList<string>? Verbs { get; set; }

        private string Segment => segment;

        public Node Child(string named)
        {
            if (_children.Find(child => child.Segment == named) is { } found) return found;
            var made = new Node(named);
            _children.Add(made);
            return made;
        }

        public Node? Match(string wanted, bool last) => _children.Find(child =>
            child.Segment == wanted || child.Segment == "/**" || (child.Segment == "/*" && last));
    }
}
