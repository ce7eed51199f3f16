using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Notification;

/// <summary>Members, for whom to write to.</summary>
public sealed class MembersClient(Peer members)
{
    /// <summary>Null when there is no such member.</summary>
    /// <exception cref="PeerUnavailableException">No answer.</exception>
    public Task<MemberContact?> ContactAsync(string memberId, CancellationToken cancellation) =>
        members.GetAsync<MemberContact>($"internal/members/{Uri.EscapeDataString(memberId)}", cancellation);
}
