// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Nft, NotAllowed} from "./Nft.sol";

/// @notice Keeps staked cards, and who staked which.
abstract contract Vault {
    Nft internal immutable NFT;
    address internal immutable OTHER;
    mapping(uint256 id => address) public ownerOfStake;
    mapping(address account => uint256[]) private _stakes;
    mapping(uint256 id => uint256) private _index;

    constructor(Nft nft, address other) {
        NFT = nft;
        OTHER = other;
    }

    function stakesOf(address account) external view returns (uint256[] memory) {
        return _stakes[account];
    }

    /// @notice Takes a card of the caller as a stake of `account`.
    function stake(uint256 id, address account) external {
        _add(account, id);
        NFT.transferFrom(msg.sender, address(this), id);
    }

    /// @notice Gives the caller's card back.
    function unstake(uint256 id) external {
        if (ownerOfStake[id] != msg.sender) revert NotAllowed();
        _remove(id);
        NFT.transferFrom(address(this), msg.sender, id);
    }

    function _add(address account, uint256 id) internal {
        if (account == address(0) || ownerOfStake[id] != address(0)) revert NotAllowed();
        ownerOfStake[id] = account;
        _index[id] = _stakes[account].length;
        _stakes[account].push(id);
    }

    function _remove(uint256 id) internal {
        uint256[] storage list = _stakes[ownerOfStake[id]];
        uint256 last = list[list.length - 1];
        list[_index[id]] = last;
        _index[last] = _index[id];
        list.pop();
        delete _index[id];
        delete ownerOfStake[id];
    }
}

contract VaultV1 is Vault {
    constructor(Nft nft, VaultV2 next) Vault(nft, address(next)) {}

    /// @notice Sends staked cards to the new vault. Cards that are not here are passed over.
    function evacuate(uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; i++) {
            if (ownerOfStake[ids[i]] == address(0) || NFT.ownerOf(ids[i]) != address(this)) continue;
            NFT.transferFrom(address(this), OTHER, ids[i]);
        }
    }

    /// @notice The new vault takes over the record of a card it has.
    function handOver(uint256 id) external returns (address account) {
        if (msg.sender != OTHER) revert NotAllowed();
        account = ownerOfStake[id];
        if (account != address(0)) _remove(id);
    }
}

contract VaultV2 is Vault {
    constructor(Nft nft, VaultV1 legacy) Vault(nft, address(legacy)) {}

    /// @notice Takes the records of evacuated cards over. Again does nothing.
    function register(uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; i++) {
            if (ownerOfStake[ids[i]] != address(0) || NFT.ownerOf(ids[i]) != address(this)) continue;
            address account = VaultV1(OTHER).handOver(ids[i]);
            if (account != address(0)) _add(account, ids[i]);
        }
    }

    /// @notice For routers, which send a card here and have it written down in the same transaction.
    function credit(uint256 id, address account) external {
        if (NFT.ownerOf(id) != address(this)) revert NotAllowed();
        _add(account, id);
    }
}
