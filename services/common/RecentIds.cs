using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DaprShop.Common;

/// <summary>
/// The inbox of a document: which of the latest events or commands have taken effect on it, kept in the document itself so that effect
/// and memory are one write. Eight bytes of SHA-256 an id, oldest first: 256 ids are 2 KB and two different ids never meet in practice.
/// </summary>
/// <param name="Marks">The fingerprints, one after the other.</param>
public sealed record RecentIds(byte[] Marks)
{
    public const int Capacity = 256;
    private const int Size = sizeof(ulong);

    public static RecentIds None { get; } = new([]);

    public bool Contains(string id)
    {
        var mark = Mark(id);
        for (var at = Marks.Length - Size; at >= 0; at -= Size)
        {
            if (BinaryPrimitives.ReadUInt64BigEndian(Marks.AsSpan(at)) == mark) return true;
        }
        return false;
    }

    /// <summary>Remembers <paramref name="id"/>, and forgets the oldest when there are more than <see cref="Capacity"/>.</summary>
    public RecentIds Add(string id)
    {
        var kept = Marks.AsSpan(Math.Max(0, Marks.Length - ((Capacity - 1) * Size)));
        var marks = new byte[kept.Length + Size];
        kept.CopyTo(marks);
        BinaryPrimitives.WriteUInt64BigEndian(marks.AsSpan(kept.Length), Mark(id));
        return new RecentIds(marks);
    }

    private static ulong Mark(string id) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
}
